using MudBlazor;

namespace Tollgate.Dashboard;

/// <summary>Colours and type: one accent, greys, the system's fonts. Contrasts are at least 4.5 to 1 for text.</summary>
internal static class Look
{
    private const string Accent = "#0f766e";
    private const string AccentOnDark = "#5eead4";

    private static readonly string[] Fonts =
        ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Liberation Sans", "sans-serif"];

    public static MudTheme Theme { get; } = new()
    {
        PaletteLight = new PaletteLight
        {
            Primary = Accent,
            Secondary = "#475569",
            Info = "#1d4ed8",
            Success = "#15803d",
            Warning = "#b45309",
            Error = "#b91c1c",
            Background = "#f8fafc",
            Surface = "#ffffff",
            AppbarBackground = "#ffffff",
            AppbarText = "#0f172a",
            DrawerBackground = "#ffffff",
            DrawerText = "#334155",
            DrawerIcon = "#475569",
            TextPrimary = "#0f172a",
            TextSecondary = "#475569",
            ActionDefault = "#475569",
            LinesDefault = "#e2e8f0",
            TableLines = "#e2e8f0",
            LinesInputs = "#94a3b8",
            Divider = "#e2e8f0",
        },
        PaletteDark = new PaletteDark
        {
            Primary = AccentOnDark,
            PrimaryContrastText = "#042f2e",
            Secondary = "#94a3b8",
            Info = "#93c5fd",
            Success = "#86efac",
            SuccessContrastText = "#052e16",
            Warning = "#fcd34d",
            WarningContrastText = "#451a03",
            Error = "#fca5a5",
            ErrorContrastText = "#450a0a",
            Background = "#0b1120",
            Surface = "#111827",
            AppbarBackground = "#111827",
            AppbarText = "#e2e8f0",
            DrawerBackground = "#111827",
            DrawerText = "#cbd5e1",
            DrawerIcon = "#94a3b8",
            TextPrimary = "#e2e8f0",
            TextSecondary = "#a3b1c6",
            ActionDefault = "#cbd5e1",
            LinesDefault = "#263245",
            TableLines = "#263245",
            LinesInputs = "#64748b",
            Divider = "#263245",
        },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = Fonts, FontSize = "0.875rem", LineHeight = "1.5", LetterSpacing = "normal" },
            H1 = new H1Typography { FontFamily = Fonts, FontSize = "1.375rem", FontWeight = "600", LineHeight = "1.75rem", LetterSpacing = "-0.01em" },
            H2 = new H2Typography { FontFamily = Fonts, FontSize = "1rem", FontWeight = "600", LineHeight = "1.5rem", LetterSpacing = "normal" },
            Button = new ButtonTypography { FontFamily = Fonts, FontSize = "0.875rem", FontWeight = "600", TextTransform = "none", LetterSpacing = "normal" },
        },
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "6px", DrawerWidthLeft = "232px", AppbarHeight = "56px" },
    };
}
