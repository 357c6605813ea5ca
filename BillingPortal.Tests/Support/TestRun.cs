using System.Collections.Concurrent;

[assembly: AssemblyFixture(typeof(BillingPortal.Tests.Support.TestRun))]

namespace BillingPortal.Tests.Support;

/// <summary>Disposes what tests share, last made first, after the last test.</summary>
public sealed class TestRun : IAsyncDisposable
{
    private static readonly ConcurrentStack<IAsyncDisposable> Shared = new();

    public static void DisposeAtEnd(IAsyncDisposable shared) => Shared.Push(shared);

    public async ValueTask DisposeAsync()
    {
        while (Shared.TryPop(out var shared))
        {
            await shared.DisposeAsync();
        }
    }
}
