using Tollgate.Server.Sessions;
using Xunit;

namespace Tollgate.UnitTests.Sessions;

public sealed class PasswordRulesTests
{
    [Theory]
    [InlineData("elevenchars")]
    [InlineData("🐎🐎🐎🐎🐎🐎abcde")]
    public void What_is_shorter_than_twelve_characters_is_too_short(string password) =>
        Assert.Equal("must have at least 12 characters.", PasswordRules.Weakness(password));

    [Fact]
    public void More_than_1024_bytes_are_refused_and_never_cut_off()
    {
        var longest = string.Concat(Enumerable.Range(0, 256).Select(number => $"{number:x2}é"));

        Assert.Equal(1024, System.Text.Encoding.UTF8.GetByteCount(longest));
        Assert.Null(PasswordRules.Weakness(longest));
        Assert.Equal("must have at most 1024 bytes in UTF-8.", PasswordRules.Weakness(longest + "x"));
    }

    [Theory]
    [InlineData("password1234")]
    [InlineData("Password123!")]
    [InlineData("P4ssw0rd!2024")]
    [InlineData("p@$$w0rd1234")]
    [InlineData("passwordpassword")]
    [InlineData("Password1Password1")]
    [InlineData("passwordaaaa")]
    [InlineData("1234password")]
    [InlineData("!!!butterfly!!!")]
    [InlineData("Summer2024!!")]
    [InlineData("Welcome12345")]
    [InlineData("letmein!!!!!")]
    [InlineData("iloveyou2024")]
    [InlineData("admin1234567")]
    [InlineData("admin123admin123")]
    [InlineData("pass word 1234")]
    [InlineData("ｐａｓｓｗｏｒｄ1234")]
    public void A_common_password_stays_one_with_digits_and_signs_around_it(string password) =>
        Assert.StartsWith("is too common", PasswordRules.Weakness(password), StringComparison.Ordinal);

    [Theory]
    [InlineData("qwertyuiop12")]
    [InlineData("123456789012")]
    [InlineData("abcdefghijkl")]
    [InlineData("1qaz2wsx3edc")]
    [InlineData("1q2w3e4r5t6y")]
    [InlineData("zxcvbnm,./123")]
    [InlineData("abc123456789")]
    [InlineData("aaaaaaaaaaaa")]
    [InlineData("abababababab")]
    [InlineData("123123123123")]
    [InlineData("x1!x1!x1!x1!")]
    public void Runs_and_repetitions_are_too_simple(string password) =>
        Assert.StartsWith("is too simple", PasswordRules.Weakness(password), StringComparison.Ordinal);

    [Theory]
    [InlineData("ada.lovelace@example.org")]
    [InlineData("Ada.Lovelace@example.org!!")]
    [InlineData("ada.lovelace2024")]
    [InlineData("AdaLovelace1815")]
    [InlineData("Ada Lovelace 1815")]
    [InlineData("Lovelace!!!!!!")]
    [InlineData("Analytical Engines 1")]
    [InlineData("analyticalengines")]
    [InlineData("Tollgate2026!")]
    public void What_anybody_tries_who_knows_the_person_is_refused(string password) =>
        Assert.StartsWith(
            "must not be the login name",
            PasswordRules.Weakness(password, "ada.lovelace@example.org", "Ada Lovelace", "Analytical Engines"),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("correct horse battery staple")]
    [InlineData("another long password")]
    [InlineData("grünes Fahrrad im Regen")]
    [InlineData("k9$Lm2#vQx8z")]
    [InlineData("wholly lower case words")]
    [InlineData("馬電池正しいホッチキスの針です")]
    [InlineData("Lovelace was here before me")]
    [InlineData("70f3b2a19c84")]
    public void No_kind_of_character_is_asked_for(string password) =>
        Assert.Null(PasswordRules.Weakness(password, "ada.lovelace@example.org", "Ada Lovelace", "Analytical Engines"));
}
