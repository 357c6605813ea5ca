using BillingPortal.Catalog;
using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Components;

public sealed class TransactionFilterTests
{
    [Fact]
    public void What_it_writes_into_an_address_it_reads_back()
    {
        var filter = new TransactionFilter(CreditTypes.Flows, TransactionType.GiftSent, new DateOnly(2026, 6, 1), new DateOnly(2026, 6, 30));

        Assert.Equal("/transactions?credits=flows&kind=giftsent&from=2026-06-01&to=2026-06-30&before=41", filter.Address("/transactions", 41));
        Assert.Equal(filter, TransactionFilter.Read("flows", "giftsent", "2026-06-01", "2026-06-30"));
    }

    [Fact]
    public void The_plain_list_has_a_plain_address() => Assert.Equal("/transactions", TransactionFilter.Read(null, null, null, null).Address("/transactions"));

    [Theory]
    [InlineData("gold", "stolen", "yesterday", "2026-13-40")]
    [InlineData("", "", "", "")]
    [InlineData("CREDITS", "77", "0001-01-01", "9999-12-31")]
    public void What_an_address_gets_wrong_is_ignored(string creditType, string type, string from, string to) =>
        Assert.Equal(new TransactionFilter(CreditTypes.Credits, null, null, null), TransactionFilter.Read(creditType, type, from, to));

    [Fact]
    public void Its_days_are_the_viewers_and_the_last_one_is_whole()
    {
        var viewer = new Viewer(new ManualClock());
        viewer.SetZone("America/New_York");

        var query = TransactionFilter.Read(null, null, "2026-06-01", "2026-06-02").ToQuery(viewer, before: null, limit: 10);

        Assert.Equal(new DateTimeOffset(2026, 6, 1, 4, 0, 0, TimeSpan.Zero), query.From);
        Assert.Equal(new DateTimeOffset(2026, 6, 3, 4, 0, 0, TimeSpan.Zero), query.To);
    }
}
