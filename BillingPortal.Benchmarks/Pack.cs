using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace BillingPortal.Benchmarks;

/// <summary>As much of MessagePack, and of SignalR's framing of it, as a circuit's messages need.</summary>
internal static class Pack
{
    private const int Nil = 0xc0, False = 0xc2, True = 0xc3, Int64 = 0xd3, String32 = 0xdb;

    /// <summary>One message with its length before it. Arrays, empty maps (<see cref="Headers"/>), texts, integers, truth values and null.</summary>
    public static byte[] Frame(params object?[] message)
    {
        var body = new ArrayBufferWriter<byte>();
        Write(body, message);
        var frame = new ArrayBufferWriter<byte>(body.WrittenCount + sizeof(int) + 1);
        var length = (uint)body.WrittenCount;
        for (; length > 0x7f; length >>= 7)
        {
            Byte(frame, (int)(length & 0x7f | 0x80));
        }

        Byte(frame, (int)length);
        frame.Write(body.WrittenSpan);
        return frame.WrittenSpan.ToArray();
    }

    /// <summary>Stands for a map with nothing in it.</summary>
    public static readonly object Headers = new();

    /// <summary>Takes the first whole message off <paramref name="data"/>; null if there is none yet. Maps and bytes come as null: nobody here looks into them.</summary>
    public static object?[]? TryTake(ref ReadOnlySpan<byte> data)
    {
        var (length, shift, at) = (0, 0, 0);
        while (true)
        {
            if (at == data.Length)
            {
                return null;
            }

            var part = data[at++];
            length |= (part & 0x7f) << shift;
            shift += 7;
            if ((part & 0x80) == 0)
            {
                break;
            }
        }

        if (data.Length - at < length)
        {
            return null;
        }

        var body = data.Slice(at, length);
        data = data[(at + length)..];
        return (object?[]?)Read(ref body);
    }

    private static void Write(ArrayBufferWriter<byte> target, object? value)
    {
        switch (value)
        {
            case null:
                Byte(target, Nil);
                break;
            case bool truth:
                Byte(target, truth ? True : False);
                break;
            case int number:
                Write(target, (long)number);
                break;
            case long number:
                Byte(target, Int64);
                BinaryPrimitives.WriteInt64BigEndian(target.GetSpan(sizeof(long)), number);
                target.Advance(sizeof(long));
                break;
            case string text:
                Byte(target, String32);
                BinaryPrimitives.WriteInt32BigEndian(target.GetSpan(sizeof(int)), Encoding.UTF8.GetByteCount(text));
                target.Advance(sizeof(int));
                Encoding.UTF8.GetBytes(text, target);
                break;
            case object?[] { Length: < 16 } items:
                Byte(target, 0x90 | items.Length);
                foreach (var item in items)
                {
                    Write(target, item);
                }

                break;
            case var other when ReferenceEquals(other, Headers):
                Byte(target, 0x80);
                break;
            default:
                throw new NotSupportedException($"No message has a {value.GetType()}.");
        }
    }

    private static object? Read(ref ReadOnlySpan<byte> data)
    {
        var code = Take(ref data, 1)[0];
        switch (code)
        {
            case <= 0x7f:
                return (long)code;
            case <= 0x8f:
                return Map(ref data, code & 0xf);
            case <= 0x9f:
                return Array(ref data, code & 0xf);
            case <= 0xbf:
                return Text(ref data, code & 0x1f);
            case >= 0xe0:
                return (long)(sbyte)code;
            case Nil:
                return null;
            case False or True:
                return code == True;
            case 0xc4 or 0xc5 or 0xc6:
                Take(ref data, (int)Number(ref data, 1 << (code - 0xc4)));
                return null;
            case 0xca or 0xcb:
                Take(ref data, code == 0xca ? sizeof(float) : sizeof(double));
                return null;
            case >= 0xcc and <= 0xcf:
                return Number(ref data, 1 << (code - 0xcc));
            case >= 0xd0 and <= 0xd3:
                var size = 1 << (code - 0xd0);
                var spare = 64 - size * 8;
                return unchecked(Number(ref data, size) << spare) >> spare;
            case 0xd9 or 0xda or 0xdb:
                return Text(ref data, (int)Number(ref data, 1 << (code - 0xd9)));
            case 0xdc or 0xdd:
                return Array(ref data, (int)Number(ref data, 2 << (code - 0xdc)));
            case 0xde or 0xdf:
                return Map(ref data, (int)Number(ref data, 2 << (code - 0xde)));
            default:
                throw new NotSupportedException($"No message has the code {code:x2}.");
        }
    }

    private static object?[] Array(ref ReadOnlySpan<byte> data, int count)
    {
        var items = new object?[count];
        for (var i = 0; i < count; i++)
        {
            items[i] = Read(ref data);
        }

        return items;
    }

    private static object? Map(ref ReadOnlySpan<byte> data, int count)
    {
        for (var i = 0; i < 2 * count; i++)
        {
            Read(ref data);
        }

        return null;
    }

    private static string Text(ref ReadOnlySpan<byte> data, int length) => Encoding.UTF8.GetString(Take(ref data, length));

    private static long Number(ref ReadOnlySpan<byte> data, int size)
    {
        long number = 0;
        foreach (var part in Take(ref data, size))
        {
            number = number << 8 | part;
        }

        return number;
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> data, int count)
    {
        var taken = data[..count];
        data = data[count..];
        return taken;
    }

    private static void Byte(ArrayBufferWriter<byte> target, int value)
    {
        target.GetSpan(1)[0] = (byte)value;
        target.Advance(1);
    }
}
