using System.Diagnostics;

namespace BillingPortal.Tests.Support;

/// <summary>Waits for what happens on another thread.</summary>
internal static class Eventually
{
    /// <summary>Returns as soon as <paramref name="condition"/> holds; fails when it does not within thirty seconds.</summary>
    public static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    /// <inheritdoc cref="TrueAsync(Func{bool})"/>
    public static async Task TrueAsync(Func<Task<bool>> condition)
    {
        var patience = Stopwatch.StartNew();
        while (!await condition())
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(30), "It did not come true within thirty seconds.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
