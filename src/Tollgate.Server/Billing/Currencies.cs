using System.Collections.Frozen;

namespace Tollgate.Server.Billing;

/// <summary>The currencies of ISO 4217 and how many digits the amounts of each have behind the point (list one, column "minor unit").</summary>
internal static class Currencies
{
    public const string Unknown = "must be a currency code of ISO 4217, for example eur.";

    private static readonly FrozenDictionary<string, int> Digits = new[]
    {
        (0, "bif clp djf gnf isk jpy kmf krw pyg rwf ugx vnd vuv xaf xof xpf"),
        (2, "aed afn all amd aoa ars aud awg azn bam bbd bdt bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf cny cop crc cup cve czk "
            + "dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr irr jmd kes kgs khr kpw kyd "
            + "kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mru mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php "
            + "pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt top try ttd twd tzs uah "
            + "usd uyu uzs ves wst xcd yer zar zmw"),
        (3, "bhd iqd jod kwd lyd omr tnd"),
    }.SelectMany(group => group.Item2.Split(' '), (group, code) => (Code: code, Digits: group.Item1))
        .ToFrozenDictionary(currency => currency.Code, currency => currency.Digits, StringComparer.Ordinal);

    /// <summary>The code in lower case; null when there is no such currency.</summary>
    public static string? Find(string code)
    {
        // Codes are letters of ASCII: nothing else becomes one of them by being made small.
        var small = string.Concat(code.Select(char.ToLowerInvariant));
        return code.All(char.IsAsciiLetter) && Digits.ContainsKey(small) ? small : null;
    }

    /// <summary>How many digits amounts of this currency have behind the point.</summary>
    public static int DigitsOf(string currency) => Digits[currency];
}
