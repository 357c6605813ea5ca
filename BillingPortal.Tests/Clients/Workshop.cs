using System.Diagnostics;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Clients;

/// <summary>A portal, a folder of one's own with the clients in it, and the tools that integrators use.</summary>
public sealed class Workshop : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("billing-clients-");

    public MeteredSite<SqliteEngine> Portal { get; } = new();

    /// <summary>Where the portal listens, by number: not every tool tries both families of addresses behind a name.</summary>
    public string Address => new UriBuilder(Portal.Site.Address) { Host = "127.0.0.1" }.Uri.ToString().TrimEnd('/');

    private static string Clients => Path.Combine(Repository.Root, "clients");

    private static string Here => Path.Combine(Repository.Root, "BillingPortal.Tests", "Clients");

    public async ValueTask InitializeAsync()
    {
        await Portal.InitializeAsync();
        await BuildTypeScriptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Portal.DisposeAsync();
        folder.Delete(recursive: true);
    }

    /// <summary>A sample of the source documents, as printed.</summary>
    public static string Sample(string name) => File.ReadAllText(Path.Combine(Here, "Samples", name));

    /// <summary>A program of the tests.</summary>
    public static string Program(string name) => File.ReadAllText(Path.Combine(Here, name));

    /// <summary>Runs a program in the language its name ends with, and gives what it printed.</summary>
    public async Task<string> RunAsync(string name, string text, params string[] arguments)
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, name), text);
        return Path.GetExtension(name) switch
        {
            ".sh" => await ToolAsync("bash", ["-eu", name]),
            ".py" => await ToolAsync("python3", [name, .. arguments]),
            ".mjs" => await ToolAsync("node", [name, .. arguments]),
            ".ts" => await RunTypeScriptAsync(name, arguments),
            _ => throw new ArgumentException($"How to run {name} is not known.", nameof(name)),
        };
    }

    private async Task<string> RunTypeScriptAsync(string name, string[] arguments)
    {
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "package.json"), """{"type":"module"}""");
        await CompileAsync("--strict", "--target", "ES2022", "--module", "NodeNext", "--moduleResolution", "NodeNext", name, "program.d.ts");
        return await ToolAsync("node", [Path.ChangeExtension(name, ".js"), .. arguments]);
    }

    private async Task BuildTypeScriptAsync()
    {
        var package = Directory.CreateDirectory(Path.Combine(folder.FullName, "node_modules", "@flowdev", "sdk"));
        package.CreateSubdirectory("src");
        foreach (var file in (string[])["package.json", "tsconfig.json", "src/index.ts", "src/http.ts", "src/shapes.ts"])
        {
            File.Copy(Path.Combine(Clients, "typescript", file), Path.Combine(package.FullName, file));
        }

        // What of Node the programs use; its own declarations would be one package more.
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "program.d.ts"), "declare const process: { argv: string[] };");
        await CompileAsync("--project", package.FullName);
    }

    private Task<string> CompileAsync(params string[] arguments)
    {
        var compiler = Path.Combine(Repository.Root, "BillingPortal.Tests", "node_modules", "typescript", "lib", "tsc.js");
        Assert.True(File.Exists(compiler), "The TypeScript compiler is missing: npm ci --prefix BillingPortal.Tests --ignore-scripts.");
        return ToolAsync("node", [compiler, .. arguments]);
    }

    private async Task<string> ToolAsync(string tool, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(tool, arguments) { WorkingDirectory = folder.FullName, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["FLOW_BASE_URL"] = Address;
        start.Environment["PYTHONPATH"] = Path.Combine(Clients, "python");
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"{tool} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}:\n{await output}\n{await errors}");
            return (await output).Trim();
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
