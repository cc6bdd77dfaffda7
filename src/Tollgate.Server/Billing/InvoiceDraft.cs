using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Billing;

/// <summary>Whose usage is priced, in which currency and period.</summary>
internal sealed record InvoiceSubject(Customer Customer, string Currency, DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>What was asked for; adds what is wrong with the rest.</summary>
    public static (string Currency, DateTimeOffset Start, DateTimeOffset End) Check(
        string currency, DateTimeOffset start, DateTimeOffset end, FieldErrors errors)
    {
        var known = Currencies.Find(currency);
        errors.Demand(known is not null, "currency", Currencies.Unknown);
        errors.Demand(start < end, "period_start", "must be before period_end.");
        return (known ?? currency, Rfc3339.ToMicroseconds(start), Rfc3339.ToMicroseconds(end));
    }
}

/// <summary>What an invoice says, reckoned from usage and prices (decision 0027).</summary>
/// <param name="Basis">The meters and prices it was made with, to know whether they changed meanwhile.</param>
/// <param name="Lines">One for each priced meter, by its name.</param>
/// <param name="Total">The sum of the lines' rounded amounts, with the currency's digits.</param>
internal sealed record InvoiceDraft(string Basis, IReadOnlyList<InvoiceLineResponse> Lines, string Total)
{
    /// <exception cref="ProblemException">400: nothing has a price in this currency.</exception>
    public static async Task<InvoiceDraft> MakeAsync(
        InvoiceSubject subject, Caller caller, ControlDb db, EventReader events, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var priced = await PricedAsync(subject.Currency, caller, db, cancellationToken);
        if (priced.Count == 0)
        {
            throw new ProblemException(Problem.Invalid("currency", $"no meter has a price in {subject.Currency}."));
        }

        var filter = new EventFilter
        {
            Reach = caller.ReachAt(now),
            ExternalCustomerId = subject.Customer.ExternalId,
            Start = subject.Start,
            End = subject.End,
        };
        var (lines, total) = (new List<InvoiceLineResponse>(priced.Count), ExactDecimals.Zero);
        foreach (var (meter, price) in priced)
        {
            var usage = await MeterUsage.Of(meter, filter).TotalAsync(events, cancellationToken);
            var exact = price.TermsOf().AmountOf(usage.Value ?? ExactDecimals.Zero);
            var amount = exact.RoundedHalfUp(Currencies.DigitsOf(subject.Currency));
            total = total.Plus(amount);
            lines.Add(LineOf(subject, meter, price, usage, exact, amount));
        }

        return new InvoiceDraft(
            BasisOf(subject.Customer, priced), lines, total.RoundedHalfUp(Currencies.DigitsOf(subject.Currency)).ToFixedText());
    }

    /// <summary>Whether an invoice that is made at this moment would be made with the same meters and prices.</summary>
    public async Task<bool> HoldsAsync(InvoiceSubject subject, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        Basis == BasisOf(subject.Customer, await PricedAsync(subject.Currency, caller, db, cancellationToken));

    private static async Task<List<(Meter Meter, Price Price)>> PricedAsync(
        string currency, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var rows = await db.Prices.AsNoTracking().Of(caller)
            .Where(price => price.Currency == currency && price.Status == Statuses.Published)
            .Join(db.Meters.AsNoTracking().Of(caller), price => price.MeterId, meter => meter.Id, (price, meter) => new { meter, price })
            .OrderBy(row => row.meter.Name).ThenBy(row => row.meter.Id)
            .ToListAsync(cancellationToken);
        return [.. rows.Select(row => (row.meter, row.price))];
    }

    private static string BasisOf(Customer customer, IEnumerable<(Meter Meter, Price Price)> priced) =>
        MeterMapping.Json(priced.Select(each => new { customer.ExternalId, Meter = each.Meter.ToResponse(), Price = each.Price.ToResponse() }));

    private static InvoiceLineResponse LineOf(
        InvoiceSubject subject, Meter meter, Price price, UsageResult usage, ExactDecimal exact, ExactDecimal amount) => new()
        {
            DisplayName = price.DisplayName ?? meter.Name,
            MeterId = meter.Id,
            MeterDisplayName = meter.Name,
            Quantity = (usage.Value ?? ExactDecimals.Zero).ToNumber().ToString(),
            Events = usage.Events,
            Skipped = usage.Skipped,
            Amount = amount.ToFixedText(),
            ExactAmount = exact.ToNumber().ToString(),
            Currency = subject.Currency,
            PriceId = price.Id,
            PriceType = PriceMapping.UsageType,
            Price = price.ToResponse(),
            Meter = meter.ToResponse(),
            PeriodStart = subject.Start,
            PeriodEnd = subject.End,
        };
}
