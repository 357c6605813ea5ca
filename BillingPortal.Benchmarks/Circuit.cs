using System.Net.WebSockets;
using System.Text;
using System.Text.RegularExpressions;

namespace BillingPortal.Benchmarks;

/// <summary>An open page without its browser: opens the circuit that the page's HTML asks for, confirms each update as Blazor's script does, and counts them.</summary>
internal sealed partial class Circuit : IAsyncDisposable
{
    private const string EndOfHandshake = "\u001e";
    private const long Invocation = 1, Completion = 3, Ping = 6, Close = 7, ObjectReference = 1;

    // The server drops who was silent for half a minute.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static readonly object?[] Nothing = [];

    private readonly Visitor visitor;
    private readonly ClientWebSocket socket = new();
    private readonly SemaphoreSlim sending = new(1);
    private readonly TaskCompletionSource alive = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource closing = new();
    private Task work = Task.CompletedTask;
    private string? id;
    private long updates;

    private Circuit(Visitor visitor) => this.visitor = visitor;

    /// <summary>Updates of the page that have arrived, the first rendering included.</summary>
    public long Updates => Interlocked.Read(ref updates);

    /// <summary>Whether the server has ended it.</summary>
    public bool IsBroken => work.IsCompleted && !closing.IsCancellationRequested;

    /// <summary>Opens a page as this visitor and returns when it is live.</summary>
    public static async Task<Circuit> OpenAsync(Visitor visitor, string path)
    {
        var html = await visitor.Client.GetStringAsync(path);
        var components = Markers().Matches(html).Select(marker => marker.Groups["json"].Value).Where(json => json.Contains("\"descriptor\"", StringComparison.Ordinal)).ToList();
        var state = States().Match(html).Groups["state"].Value;
        var operations = components.Select((json, index) => $$"""{"type":"add","ssrComponentId":{{index + 1}},"marker":{{json}}}""");
        var address = new Uri(visitor.Client.BaseAddress!, path);

        var circuit = new Circuit(visitor);
        circuit.socket.Options.Cookies = visitor.Cookies;
        // As browsers offer it: what it costs the server is to be seen.
        circuit.socket.Options.DangerousDeflateOptions = new WebSocketDeflateOptions();
        await circuit.socket.ConnectAsync(new UriBuilder(address) { Scheme = "ws", Path = "/_blazor", Query = "" }.Uri, circuit.closing.Token);
        await circuit.SendAsync(Encoding.UTF8.GetBytes($$"""{"protocol":"blazorpack","version":1}{{EndOfHandshake}}"""));
        circuit.work = Task.WhenAny(circuit.ReceiveAsync(), circuit.PingAsync()).Unwrap();
        await circuit.SendAsync(Pack.Frame(Invocation, Pack.Headers, "0", "StartCircuit", new object?[] { visitor.Client.BaseAddress!.ToString(), address.ToString(), "[]", state }, Nothing));
        await circuit.CallAsync("UpdateRootComponents", $$"""{"batchId":1,"operations":[{{string.Join(',', operations)}}]}""", state);
        await await Task.WhenAny(circuit.alive.Task, circuit.work).WaitAsync(Patience);
        return circuit;
    }

    /// <summary>Leaves as a closed tab does: the server need not keep the page for a return.</summary>
    public async ValueTask DisposeAsync()
    {
        using var farewell = new FormUrlEncodedContent([new("circuitId", id)]);
        using var answer = await visitor.Client.PostAsync("/_blazor/disconnect", farewell);
        answer.EnsureSuccessStatusCode();
        await closing.CancelAsync();
        try
        {
            await work;
        }
        catch (Exception exception) when (exception is OperationCanceledException or WebSocketException or InvalidOperationException)
        {
            // It was to end; a confirmation on its way may have met a page that was gone already.
        }

        socket.Dispose();
        sending.Dispose();
        closing.Dispose();
    }

    private Task CallAsync(string method, params object?[] arguments) => SendAsync(Pack.Frame(Invocation, Pack.Headers, null, method, arguments, Nothing));

    private async Task SendAsync(byte[] frame)
    {
        await sending.WaitAsync(closing.Token);
        try
        {
            await socket.SendAsync(frame, WebSocketMessageType.Binary, endOfMessage: true, closing.Token);
        }
        finally
        {
            sending.Release();
        }
    }

    private async Task PingAsync()
    {
        using var timer = new PeriodicTimer(Silence);
        while (await timer.WaitForNextTickAsync(closing.Token))
        {
            await SendAsync(Pack.Frame(Ping));
        }
    }

    private async Task ReceiveAsync()
    {
        var buffer = new byte[4 * 1024];
        var (filled, greeted) = (0, false);
        while (true)
        {
            if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * buffer.Length);
            }

            var received = await socket.ReceiveAsync(buffer.AsMemory(filled), closing.Token);
            if (received.MessageType is WebSocketMessageType.Close)
            {
                throw new InvalidOperationException("The server closed the connection.");
            }

            filled += received.Count;
            var messages = TakeMessages(buffer.AsSpan(0, filled), ref greeted, out var left);
            buffer.AsSpan(filled - left, left).CopyTo(buffer);
            filled = left;
            foreach (var message in messages)
            {
                await AnswerAsync(message);
            }
        }
    }

    private static List<object?[]> TakeMessages(ReadOnlySpan<byte> data, ref bool greeted, out int left)
    {
        var messages = new List<object?[]>();
        if (!greeted && data.IndexOf((byte)EndOfHandshake[0]) is >= 0 and var end)
        {
            greeted = data[..end].SequenceEqual("{}"u8) ? true : throw new InvalidOperationException($"The server refused: {Encoding.UTF8.GetString(data[..end])}");
            data = data[(end + 1)..];
        }

        while (greeted && Pack.TryTake(ref data) is { } message)
        {
            messages.Add(message);
        }

        left = data.Length;
        return messages;
    }

    private Task AnswerAsync(object?[] message)
    {
        switch (message)
        {
            case [Invocation, _, _, string method, object?[] arguments, ..]:
                return AnswerAsync(method, arguments);
            case [Completion, _, _, _, var opened]:
                id = opened as string ?? throw new InvalidOperationException("The server opened no circuit.");
                return Task.CompletedTask;
            case [Close, ..]:
                throw new InvalidOperationException($"The server ended the circuit: {message.ElementAtOrDefault(1)}");
            default:
                return Task.CompletedTask;
        }
    }

    private Task AnswerAsync(string method, object?[] arguments)
    {
        switch (method)
        {
            case "JS.RenderBatch":
                Interlocked.Increment(ref updates);
                return CallAsync("OnRenderCompleted", arguments[0], null);
            case "JS.BeginInvokeJS" when arguments is [> 0L and var call, _, _, var result, ..]:
                return CallAsync("EndInvokeJSFromDotNet", call, true, $"[{call},true,{(result is ObjectReference ? """{"__jsObjectId":1}""" : "null")}]");
            case "JS.EndUpdateRootComponents":
                alive.TrySetResult();
                return Task.CompletedTask;
            case "JS.Error":
                throw new InvalidOperationException($"The page has stopped: {arguments[0]}");
            default:
                return Task.CompletedTask;
        }
    }

    [GeneratedRegex(@"<!--Blazor:(?<json>\{.*?\})-->")]
    private static partial Regex Markers();

    [GeneratedRegex("<!--Blazor-Server-Component-State:(?<state>[^-]+)-->")]
    private static partial Regex States();
}
