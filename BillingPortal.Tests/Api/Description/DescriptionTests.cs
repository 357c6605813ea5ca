using System.Diagnostics;
using BillingPortal.Api.Reference;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Api.Description;

/// <summary>The description is whole, valid, and gives examples that are as it says.</summary>
public sealed class DescriptionTests(StoreFixture<SqliteEngine> store) : IClassFixture<StoreFixture<SqliteEngine>>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_operation_says_what_it_does_takes_and_answers_with_examples_that_fit()
    {
        await using var site = Site.Start(store.Database);
        var document = await ApiDocument.ReadAsync(site);
        var faults = new List<string>();
        foreach (var operation in document.Operations)
        {
            Demand(operation, operation.Body["summary"] is not null, "has no summary");
            Demand(operation, operation.Body["requestBody"] is null || operation.RequestExample is not null, "has no example of its body");
            foreach (var parameter in operation.Parameters("query").Concat(operation.Parameters("path")))
            {
                Demand(operation, parameter["description"] is not null, $"says nothing of {parameter["name"]}");
            }

            var answers = operation.Responses.Where(answer => answer.Key[0] is '2').ToList();
            Demand(operation, answers.Count > 0, "describes no success");
            foreach (var (status, answer) in answers.Concat(operation.Responses.Where(answer => answer.Key[0] is not '2')))
            {
                foreach (var (type, media) in answer!["content"]?.AsObject() ?? [])
                {
                    var examples = media!["example"] is { } one ? [one] : media["examples"]?.AsObject().Select(example => example.Value!["value"]!).ToList() ?? [];
                    Demand(operation, examples.Count > 0, $"{status} has no example");
                    if (type is "application/json")
                    {
                        faults.AddRange(examples.SelectMany(example => document.Faults(media["schema"]!, example, $"{operation} {status} example", isStrict: status[0] is '2')));
                    }
                }
            }

            if (operation.RequestExample is { } request)
            {
                var schema = operation.Body["requestBody"]!["content"]!.AsObject().First().Value!["schema"]!;
                faults.AddRange(document.Faults(schema, System.Text.Json.Nodes.JsonNode.Parse(request), $"{operation} request example", isStrict: true));
            }
        }

        Assert.True(faults.Count == 0, string.Join('\n', faults));

        void Demand(DescribedOperation operation, bool holds, string fault)
        {
            if (!holds)
            {
                faults.Add($"{operation} {fault}");
            }
        }
    }

    [Fact]
    public async Task The_reference_speaks_of_every_operation_and_of_no_other()
    {
        await using var site = Site.Start(store.Database);
        var document = await ApiDocument.ReadAsync(site);

        Assert.Equal(document.Operations.Select(operation => operation.Name).Order(StringComparer.Ordinal), ApiReference.Operations.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_linter_finds_nothing_wrong_with_it()
    {
        await using var site = Site.Start(store.Database);
        var document = await ApiDocument.ReadAsync(site);

        var problems = await LintAsync(document.Text);

        Assert.True(problems.Count == 0, string.Join('\n', problems));
    }

    [Fact]
    public async Task The_linter_sees_what_is_wrong()
    {
        var problems = await LintAsync("""{ "openapi": "3.1.1", "info": { "title": "T", "version": "1" }, "paths": { "/a": { "get": { "responses": { "200": {} } } } } }""");

        Assert.Contains(problems, problem => problem.Contains("security-defined", StringComparison.Ordinal));
        Assert.Contains(problems, problem => problem.Contains("operation-operationId", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_page_to_try_it_comes_with_the_portal_alone()
    {
        await using var site = Site.Start(store.Database);
        using var client = site.NewClient();

        var page = await client.GetStringAsync("docs/index.html", Ct);

        Assert.Contains("swagger-ui", page, StringComparison.Ordinal);
        Assert.DoesNotContain("https://", page, StringComparison.Ordinal);
    }

    private static async Task<IReadOnlyList<string>> LintAsync(string document)
    {
        var start = new ProcessStartInfo("node", [Repository.Path("BillingPortal.Tests/Api/Description/lint.mjs")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var linter = Process.Start(start)!;
        var (output, errors) = (linter.StandardOutput.ReadToEndAsync(Ct), linter.StandardError.ReadToEndAsync(Ct));
        await linter.StandardInput.WriteAsync(document);
        linter.StandardInput.Close();
        await linter.WaitForExitAsync(Ct);
        Assert.True(linter.ExitCode == 0, await errors);
        return (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
