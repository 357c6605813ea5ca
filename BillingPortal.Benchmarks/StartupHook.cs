using System.IO.Pipes;

/// <summary>Runs inside a server that is measured, before its own program: says over a pipe how much memory is in use after a full collection.</summary>
/// <remarks>The runtime looks it up by this name, in no namespace, when <c>DOTNET_STARTUP_HOOKS</c> names this file; the server's own code has no such door.</remarks>
internal static class StartupHook
{
    public const string PipeVariable = "BENCHMARK_PIPE";

    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable(PipeVariable) is { } name)
        {
            new Thread(() => Answer(name)) { IsBackground = true }.Start();
        }
    }

    private static void Answer(string name)
    {
        using var pipe = new NamedPipeServerStream(name);
        while (true)
        {
            pipe.WaitForConnection();
            for (var times = 0; times < 2; times++)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
                GC.WaitForPendingFinalizers();
            }

            using (var writer = new StreamWriter(pipe, leaveOpen: true))
            {
                writer.WriteLine($"{GC.GetTotalMemory(forceFullCollection: false)} {Environment.WorkingSet}");
            }

            pipe.Disconnect();
        }
    }
}
