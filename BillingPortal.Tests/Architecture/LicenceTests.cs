using System.Text.Json;
using System.Xml.Linq;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Architecture;

/// <summary>What the portal ships may be used by anyone for anything: read from what restore chose, because no package feed warns of licences.</summary>
public sealed class LicenceTests
{
    // SPDX names. A package whose licence is only a file or a link is refused until someone has read it and found another.
    private static readonly string[] Allowed = ["MIT", "Apache-2.0", "BSD-3-Clause", "PostgreSQL", "MS-PL"];

    [Fact]
    public void Every_package_the_portal_ships_has_a_licence_that_is_allowed()
    {
        var packages = Shipped().ToList();

        Assert.Contains(packages, package => package.Name is "CsvHelper");
        Assert.Contains(packages, package => package.Name is "Microsoft.AspNetCore.App.Runtime.linux-x64");
        var refused = packages.Where(package => !IsAllowed(package.Licence)).Select(package => $"{package.Name}: {package.Licence ?? "no licence expression"}").ToList();
        Assert.True(refused.Count == 0, string.Join('\n', refused));
    }

    [Theory]
    [InlineData("MIT", true)]
    [InlineData("MS-PL OR Apache-2.0", true)]
    [InlineData("AGPL-3.0-only OR MIT", true)]
    [InlineData("MIT AND GPL-3.0-only", false)]
    [InlineData("AGPL-3.0-only", false)]
    [InlineData(null, false)]
    public void A_licence_is_allowed_if_one_of_its_choices_is(string? expression, bool allowed) => Assert.Equal(allowed, IsAllowed(expression));

    private static bool IsAllowed(string? expression) => expression is not null && expression.Split(" OR ").Any(Allowed.Contains);

    private static IEnumerable<(string Name, string? Licence)> Shipped()
    {
        using var assets = JsonDocument.Parse(File.ReadAllText(Repository.Path("BillingPortal/obj/project.assets.json")));
        var root = assets.RootElement;
        var folder = root.GetProperty("packageFolders").EnumerateObject().First().Name;
        var chosen = root.GetProperty("libraries").EnumerateObject()
            .Where(library => library.Value.GetProperty("type").ValueEquals("package"))
            .Select(library => library.Name.Split('/'))
            .Select(parts => (Name: parts[0], Version: parts[1]));
        // The package that the Blazor script is taken from.
        var downloaded = root.GetProperty("project").GetProperty("frameworks").EnumerateObject()
            .SelectMany(framework => framework.Value.TryGetProperty("downloadDependencies", out var downloads) ? downloads.EnumerateArray().ToArray() : [])
            .Select(download => (Name: download.GetProperty("name").GetString()!, Version: download.GetProperty("version").GetString()!.Trim('[', ']').Split(',')[0]));
        foreach (var (name, version) in chosen.Concat(downloaded).ToList())
        {
            var id = name.ToLowerInvariant();
            var nuspec = XDocument.Load(Path.Combine(folder, id, version.ToLowerInvariant(), $"{id}.nuspec"));
            var licence = nuspec.Descendants().FirstOrDefault(element => element.Name.LocalName is "license" && (string?)element.Attribute("type") is "expression");
            yield return (name, licence?.Value);
        }
    }
}
