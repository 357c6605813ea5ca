using BillingPortal.Administration;
using BillingPortal.Components.Shared;

namespace BillingPortal.Components;

/// <summary>Files of grants and their rows in words.</summary>
public static class GrantText
{
    public static string NameOf(GrantBatchState state) => state switch
    {
        GrantBatchState.Draft => "Tried dry",
        GrantBatchState.Running => "Granting",
        GrantBatchState.Undoing => "Taking back",
        GrantBatchState.Undone => "Undone",
        _ => "Done",
    };

    public static Tone ToneOf(GrantBatchState state) => state switch
    {
        GrantBatchState.Draft => Tone.Neutral,
        GrantBatchState.Done => Tone.Good,
        _ => Tone.Info,
    };

    public static string NameOf(GrantRowState state) => state switch
    {
        GrantRowState.Ready => "Ready",
        GrantRowState.Faulty => "Cannot be",
        GrantRowState.GrantedBefore => "Granted before",
        GrantRowState.Granted => "Granted",
        GrantRowState.Refused => "Refused",
        GrantRowState.Undone => "Taken back",
        _ => "Used up",
    };

    public static Tone ToneOf(GrantRowState state) => state switch
    {
        GrantRowState.Ready => Tone.Info,
        GrantRowState.Granted => Tone.Good,
        GrantRowState.Faulty or GrantRowState.Refused => Tone.Bad,
        GrantRowState.GrantedBefore or GrantRowState.UsedUp => Tone.Warn,
        _ => Tone.Neutral,
    };

    /// <summary>"Support", for the word by which the log and the ledger know it.</summary>
    public static string NameOfSource(string source) => $"{char.ToUpperInvariant(source[0])}{source[1..].Replace('_', ' ')}";
}
