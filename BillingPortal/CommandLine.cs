using BillingPortal.Wallets;

namespace BillingPortal;

/// <summary>What the program does when its first argument is a word and not a setting: an operator's command instead of the portal.</summary>
internal static class CommandLine
{
    private const int BadUsage = 2;

    private const string Usage = """
        Usage:
          dotnet BillingPortal.dll [--Section:Key=value …]                  serve the portal
          dotnet BillingPortal.dll ledger verify [--Section:Key=value …]    check the ledger: exit code 0 if it is sound, 1 if not
        """;

    /// <summary>Runs the command that <paramref name="args"/> name and gives its exit code; null if they name none.</summary>
    public static async Task<int?> RunAsync(string[] args, IConfiguration configuration, CancellationToken cancellationToken)
    {
        var words = args.TakeWhile(arg => arg is not ['-' or '/', ..] && !arg.Contains('=', StringComparison.Ordinal)).ToArray();
        switch (words)
        {
            case []:
                return null;
            case ["ledger", "verify"]:
                return await LedgerVerifyCommand.RunAsync(configuration, Console.Out, Console.Error, cancellationToken);
            default:
                await Console.Error.WriteLineAsync($"Unknown command: {string.Join(' ', words)}\n{Usage}");
                return BadUsage;
        }
    }
}
