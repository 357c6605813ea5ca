using BillingPortal.Access;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Metering;

public abstract class CloudEventTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private const string One = "application/cloudevents+json";
    private const string Batch = "application/cloudevents-batch+json";
    private const string Path = "api/v1/usage/events";

    [Fact]
    public async Task An_event_is_charged_by_its_type_and_data()
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await customer.PostAsync(
            Path,
            """
            {"specversion":"1.0","id":"A-1","source":"//jobs.example.com/worker-7","type":"com.example.usage.storage_egress","time":"2027-03-09T08:00:00.250Z",
             "subject":"ignored","datacontenttype":"application/json","data":{"quantity":1.5,"properties":{"nodeType":"private","repoId":"r"}}}
            """,
            One);

        Assert.Equal((200, "A-1", "charged", 1.5m), (answer.Status, answer.Text("id"), answer.Text("status"), answer["credits"].GetDecimal()));
        var item = Assert.Single((await portal.Get<UsageItems>().ListAsync(customer.Reader, new UsageItemQuery(), TestContext.Current.CancellationToken)).Items);
        Assert.Equal(("A-1", "storage_egress", "r"), (item.EventId, item.Operation, item.Properties.RepoId));
        Assert.Equal(new DateTimeOffset(2027, 3, 9, 8, 0, 0, 250, TimeSpan.Zero), item.OccurredAt);
    }

    [Fact]
    public async Task Source_and_id_together_are_known_for_ever()
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await customer.PostAsync(
            Path,
            """
            [{"specversion":"1.0","id":"1","source":"a","type":"chat"}, {"specversion":"1.0","id":"1","source":"b","type":"chat"},
             {"specversion":"1.0","id":"1","source":"a","type":"figma_export"}, {"specversion":"1.0","id":"2","source":"a","type":"chat","data":{"quantity":3}}]
            """,
            Batch);
        var own = await customer.SendAsync("""{"id":"1","operation":"chat"}""");

        Assert.Equal(
            [("1", "charged", 1m), ("1", "charged", 1m), ("1", "duplicate", 1m), ("2", "charged", 3m)],
            answer["results"].EnumerateArray().Select(one => (one.GetProperty("id").GetString(), one.GetProperty("status").GetString(), one.GetProperty("credits").GetDecimal())));
        Assert.Equal("charged", own.Text("status"));
    }

    [Theory]
    [InlineData("""{"id":"1","source":"a","type":"chat"}""", "specversion", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"0.3","id":"1","source":"a","type":"chat"}""", "specversion", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","source":"a","type":"chat"}""", "id", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","type":"chat"}""", "source", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"","type":"chat"}""", "source", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a"}""", "type", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a","type":"com.example.fax"}""", "type", "UNKNOWN_OPERATION")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a","type":"chat","time":"2020-01-01T00:00:00Z"}""", "time", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a","type":"chat","data":[]}""", "data", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a","type":"chat","data_base64":"e30="}""", "data", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a","type":"chat","data":{"quantity":"3"}}""", "data.quantity", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a","type":"chat","data":{"quantity":1.5}}""", "data.quantity", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a","type":"chat","data":{"properties":7}}""", "data.properties", "INVALID_REQUEST")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a","type":"model_call","data":{"properties":{"model":"none"}}}""", "data.properties.model", "UNKNOWN_MODEL")]
    [InlineData("""[]""", null, "INVALID_REQUEST")]
    public async Task What_is_no_event_is_refused_by_the_name_it_has_there(string body, string? field, string code)
    {
        var customer = await portal.NewCustomerAsync();

        var answer = await customer.PostAsync(Path, body, One);

        Assert.Equal((400, field, code), (answer.Status, answer.Text("field"), answer.Text("code")));
        Assert.Empty((await portal.Get<UsageItems>().ListAsync(customer.Reader, new UsageItemQuery(), TestContext.Current.CancellationToken)).Items);
    }

    [Fact]
    public async Task A_batch_is_an_array_and_a_single_event_is_none()
    {
        var customer = await portal.NewCustomerAsync();
        const string chat = """{"specversion":"1.0","id":"1","source":"a","type":"chat"}""";

        Assert.Equal(400, (await customer.PostAsync(Path, chat, Batch)).Status);
        Assert.Equal(400, (await customer.PostAsync(Path, $"[{chat}]", One)).Status);
        Assert.Equal(400, (await customer.PostAsync(Path, "[]", Batch)).Status);
        Assert.Equal(415, (await customer.PostAsync(Path, chat, "text/plain")).Status);
    }

    [Fact]
    public async Task A_key_without_the_scope_reports_nothing()
    {
        var customer = await portal.NewCustomerAsync("lite", Scopes.BillingRead);

        Assert.Equal(403, (await customer.PostAsync(Path, """{"specversion":"1.0","id":"1","source":"a","type":"chat"}""", One)).Status);
    }
}

public sealed class CloudEventTestsOnSqlite(MeteredSite<SqliteEngine> portal) : CloudEventTests<SqliteEngine>(portal);

public sealed class CloudEventTestsOnPostgres(MeteredSite<PostgresEngine> portal) : CloudEventTests<PostgresEngine>(portal);
