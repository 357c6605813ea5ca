using BillingPortal.Audit;
using BillingPortal.Components;

namespace BillingPortal.Tests.Components;

public sealed class AuditTextTests
{
    [Theory]
    [InlineData(AuditActs.KeyRevoked, "API key revoked")]
    [InlineData(AuditActs.WebhookSecretRolled, "Webhook secret rolled")]
    public void An_act_is_said_in_words(string act, string words) => Assert.Equal(words, AuditText.NameOf(act));

    [Fact]
    public void What_was_changed_stands_side_by_side_by_name()
    {
        var entry = new AuditView(
            "aud_1", "org_1", AuditActs.WebhookChanged, "webhook_1", "user:1", null, """{"url":"https://a","isActive":true}""", """{"isActive":false,"note":"x"}""", default);

        Assert.Equal(
            [new AuditChange("Url", "https://a", ""), new AuditChange("Is active", "True", "False"), new AuditChange("Note", "", "x")], AuditText.ChangesOf(entry));
        Assert.Empty(AuditText.ChangesOf(entry with { Before = null, After = null }));
    }

    [Theory]
    [InlineData("user:1", "ana@example.com")]
    [InlineData("user:2", "Somebody outside the organization")]
    [InlineData("system:number-rental", "The portal (number rental)")]
    public void An_actor_is_named_as_far_as_the_reader_may_know(string actor, string words) =>
        Assert.Equal(words, AuditText.ActorOf(actor, new Dictionary<string, string> { ["user:1"] = "ana@example.com" }));
}
