// Small code that breaks the rules on purpose, so that the tests see their guards fail.
#pragma warning disable CA1018, CA1859

namespace BillingPortal.Tests.Architecture.Samples.Upper
{
    internal sealed class Page
    {
        public object Allowed() => new Lower.Innocent();
    }

    internal sealed class PageAttribute : Attribute;
}

namespace BillingPortal.Tests.Architecture.Samples.Beside
{
    internal sealed class UsesItsNeighbour
    {
        public Upper.Page? Page { get; set; }
    }
}

namespace BillingPortal.Tests.Architecture.Samples.Nowhere
{
    internal sealed class Unplaced : Lower.Innocent;
}

namespace BillingPortal.Tests.Architecture.Samples.Lower
{
    internal class Innocent
    {
        public string Text => "BillingPortal.Tests.Architecture.Samples.Upper.Page, before update on postings";
    }

    internal sealed class InASignature
    {
        public Func<IReadOnlyList<Upper.Page[]>>? Pages { get; set; }
    }

    internal sealed class InAGenericCall
    {
        public IEnumerable<object> Pages(IEnumerable<object> all) => all.OfType<Upper.Page>();
    }

    internal sealed class InALambdaOfAnAsyncMethod
    {
        public async Task<object> MakeAsync()
        {
            await Task.Yield();
            Func<object> make = () => new Upper.Page();
            return make();
        }
    }

    internal sealed class InANestedType
    {
        private sealed class Inner
        {
            public object Make() => new Upper.Page();
        }
    }

    [Upper.Page]
    internal sealed class InAnAttribute;

    internal sealed class WritesRowsByText
    {
        public string Sql(string id) => $"""
            INSERT INTO
              postings (id) VALUES ({id})
            """;

        public string Other => "delete from \"postings\" where true";
    }

    internal sealed class ReadsRowsByText
    {
        public string Sql => "SELECT sum(amount_micros) FROM postings";
    }
}
