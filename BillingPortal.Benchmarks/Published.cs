using System.Diagnostics;

namespace BillingPortal.Benchmarks;

/// <summary>The portal and the framework's empty template, both published as an operator would, in a folder that is deleted after.</summary>
internal sealed class Published : IDisposable
{
    // Beside a template that knows nothing of this repository: what stands in for the framework's script package here too (docs/decisions/0011).
    private const string Properties =
        """
        <Project>
          <PropertyGroup>
            <UseFrameworkBlazorScript Condition="'$(UseFrameworkBlazorScript)' == ''">false</UseFrameworkBlazorScript>
            <RequiresAspNetWebAssets>$(UseFrameworkBlazorScript)</RequiresAspNetWebAssets>
          </PropertyGroup>
        </Project>
        """;

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("billing-bench-pages-");

    private Published()
    {
    }

    public string Portal => Path.Combine(folder.FullName, "portal", "BillingPortal.dll");

    public string Template => Path.Combine(folder.FullName, "empty", "Template.dll");

    public static async Task<Published> MakeAsync()
    {
        var made = new Published();
        var root = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Parent!.Parent!.Parent!.FullName;
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        var source = made.folder.CreateSubdirectory("source").FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "Directory.Build.props"), Properties);
        await File.WriteAllTextAsync(
            Path.Combine(source, "Directory.Build.targets"),
            $"""<Project><Import Project="{root}/build/BlazorScript.targets" Condition="'$(UseFrameworkBlazorScript)' != 'true'" /></Project>""");
        await DotnetAsync(source, "new", "blazor", "--name", "Template", "--output", source, "--empty", "--interactivity", "Server", "--all-interactive", "--no-https", "--no-restore");
        var layout = Path.Combine(source, "Components", "Layout", "MainLayout.razor");
        // The one line that the template lacks: the portal's mark of a page that has come alive.
        await File.WriteAllTextAsync(
            layout,
            (await File.ReadAllTextAsync(layout)).Replace("@Body", """<div data-live="@(RendererInfo.IsInteractive ? "" : null)">@Body</div>""", StringComparison.Ordinal));
        await DotnetAsync(source, "publish", "--configuration", "Release", "--output", Path.GetDirectoryName(made.Template)!);
        await DotnetAsync(root, "publish", "BillingPortal", "--no-build", "--configuration", configuration, "--output", Path.GetDirectoryName(made.Portal)!);
        return made;
    }

    public void Dispose() => folder.Delete(recursive: true);

    private static async Task DotnetAsync(string folder, params string[] words)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", words) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"dotnet {string.Join(' ', words)}\n{output}");
        }
    }
}
