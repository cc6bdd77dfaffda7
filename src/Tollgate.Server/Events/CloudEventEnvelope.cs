using System.Security.Cryptography;
using System.Text;
using CloudNative.CloudEvents;
using Microsoft.Net.Http.Headers;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>
/// What is known of a CloudEvent while it is read. The library knows the attributes of the specification and what their values may be;
/// what they become of an event of ours is decided here (decision 0025).
/// </summary>
/// <param name="members">Where the event's members go.</param>
/// <param name="prefix">What stands before the names in messages: <c>ce-</c> where they are headers.</param>
internal sealed class CloudEventEnvelope(EventMembers members, string prefix)
{
    private const string Id = "id";
    private const string Source = "source";
    private const string Subject = "subject";
    private const string Type = "type";
    private const string SpecVersion = "specversion";
    private const string ContentType = "datacontenttype";

    private readonly CloudEvent _cloudEvent = new(CloudEventsSpecVersion.V1_0);
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    public EventDraft Draft { get; } = members.Begin();

    /// <summary>The name that our member has in a CloudEvent.</summary>
    public static string NameOf(string member) => member switch
    {
        "event_id" => Id,
        "event_name" => Type,
        "external_customer_id" => Subject,
        "timestamp" => "time",
        _ => member,
    };

    /// <summary>
    /// The event id. A source has no white space, so the first space is where it ends: no two pairs are joined to the same text. What
    /// would be longer than an id can be is replaced by its digest, which has no space and is therefore no joined pair.
    /// </summary>
    public static string IdOf(string source, string id)
    {
        var joined = $"{source} {id}";
        return joined.Length <= Limits.MaxEventTextLength
            ? joined
            : $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(joined)))}";
    }

    /// <summary>Whether it is the first of its name and not one too many.</summary>
    public bool TrySee(string name)
    {
        if (_seen.Count == Limits.MaxCloudEventAttributes)
        {
            Draft.Add("", $"must have at most {Limits.MaxCloudEventAttributes} attributes.");
            return false;
        }

        if (!_seen.Add(name))
        {
            Add(name, "is there twice.");
            return false;
        }

        return true;
    }

    public void Add(string name, string text) => Draft.Add(prefix + name, text);

    /// <summary>Whether an attribute is one of the specification's, all of which are strings in JSON.</summary>
    public bool IsOfSpecification(string name) => name == SpecVersion || _cloudEvent.GetAttribute(name) is { IsExtension: false };

    /// <summary>Sets an attribute from its text.</summary>
    public void Set(string name, string text)
    {
        if (name == SpecVersion)
        {
            if (CloudEventsSpecVersion.FromVersionId(text) != CloudEventsSpecVersion.V1_0)
            {
                Add(name, "must be 1.0.");
            }
        }
        else if (!IsAttributeName(name))
        {
            Add(name, "is no name of an attribute, which has lower-case letters and digits alone.");
        }
        else if (name == CloudEventsSpecVersion.V1_0.TimeAttribute.Name)
        {
            // Judged like every other event's.
            members.TakeTimestamp(text, prefix + name, Draft);
        }
        else if (!TrySet(name, text) || (name == Source && text.Any(char.IsWhiteSpace)))
        {
            Add(name, name switch
            {
                Source => "must be a URI reference without white space.",
                "dataschema" => "must be an absolute URI.",
                _ when text.Length == 0 => "must not be empty.",
                ContentType => "must be application/json, or absent.",
                _ => "must not have control characters or one half of a surrogate pair.",
            });
        }
    }

    /// <summary>The event, when nothing is wrong with it.</summary>
    public ParsedEvent Finish()
    {
        string[] required = [SpecVersion, .. CloudEventsSpecVersion.V1_0.RequiredAttributes.Select(attribute => attribute.Name), Subject];
        foreach (var name in required.Where(name => !_seen.Contains(name)))
        {
            Add(name, name == Subject ? "is required: it names the customer." : "is required.");
        }

        if (_cloudEvent.DataContentType is { } contentType && !IsJson(contentType))
        {
            Add(ContentType, "must be application/json, or absent.");
        }

        // As text and not as what it was parsed into, which another writing of the same address would be, too.
        var source = Text(Source);
        var id = Text(Id);
        Draft.EventName = Text(Type) is { } type ? EventMembers.TakeText(type.Trim(), prefix + Type, minLength: 1, Draft) : null;
        Draft.ExternalCustomerId = Text(Subject) is { } subject ? EventMembers.TakeText(subject, prefix + Subject, minLength: 1, Draft) : null;
        Draft.Source = source is null ? null : EventMembers.TakeText(source, prefix + Source, minLength: 1, Draft);
        Draft.EventId = source is null || id is null ? null : IdOf(source, id);
        return members.Finish(Draft);
    }

    /// <summary>Takes a name back whose value stands for its absence.</summary>
    public void Unsee(string name) => _seen.Remove(name);

    // The rule of the specification, before the library would say the same with an exception for each of a thousand.
    private static bool IsAttributeName(string name) => name.Length > 0 && name != "data" && name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character));

    private static bool IsJson(string type) =>
        MediaTypeHeaderValue.TryParse(type, out var parsed)
        && (parsed.MediaType.Equals(RequestText.Json, StringComparison.OrdinalIgnoreCase) || parsed.Suffix.Equals("json", StringComparison.OrdinalIgnoreCase));

    private bool TrySet(string name, string text)
    {
        try
        {
            _cloudEvent.SetAttributeFromString(name, text);
            _texts[name] = text;
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private string? Text(string name) => _texts.GetValueOrDefault(name);
}
