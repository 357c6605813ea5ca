using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace BillingPortal.Tests.Architecture;

/// <summary>A type as it stands in the sources: nested types, lambdas, iterators and async methods count as the type that contains them.</summary>
internal sealed record CodeType(string Namespace, string Name)
{
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}.{Name}";
}

/// <summary>What the types of one assembly use of each other, in signatures and in method bodies, and the text they hold.</summary>
internal sealed class CompiledCode
{
    private static readonly Dictionary<short, OperandType> Operands = typeof(OpCodes)
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => code.Value, code => code.OperandType);

    private readonly MetadataReader metadata;
    private readonly PEReader file;
    private readonly HashSet<(CodeType From, CodeType To)> uses = [];
    private readonly HashSet<(CodeType Holder, string Text)> texts = [];

    private CompiledCode(PEReader file)
    {
        this.file = file;
        metadata = file.GetMetadataReader();
        foreach (var handle in metadata.TypeDefinitions)
        {
            ReadType(handle);
        }
    }

    /// <summary>Each pair once; never a type with itself.</summary>
    public IReadOnlyCollection<(CodeType From, CodeType To)> Uses => uses;

    /// <summary>String literals and the types whose code loads them.</summary>
    public IReadOnlyCollection<(CodeType Holder, string Text)> Texts => texts;

    public static CompiledCode Of(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        return new CompiledCode(file);
    }

    private void ReadType(TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        var seen = new Seen(this, Outermost(handle));
        seen.Add(type.BaseType);
        seen.Add(type.GetGenericParameters());
        seen.Add(type.GetCustomAttributes());
        foreach (var implementation in type.GetInterfaceImplementations())
        {
            seen.Add(metadata.GetInterfaceImplementation(implementation).Interface);
        }

        foreach (var field in type.GetFields().Select(metadata.GetFieldDefinition))
        {
            field.DecodeSignature(seen, null);
            seen.Add(field.GetCustomAttributes());
        }

        foreach (var property in type.GetProperties().Select(metadata.GetPropertyDefinition))
        {
            seen.Add(property.GetCustomAttributes());
        }

        foreach (var method in type.GetMethods().Select(metadata.GetMethodDefinition))
        {
            method.DecodeSignature(seen, null);
            seen.Add(method.GetGenericParameters());
            seen.Add(method.GetCustomAttributes());
            if (method.RelativeVirtualAddress != 0)
            {
                ReadBody(file.GetMethodBody(method.RelativeVirtualAddress), seen);
            }
        }
    }

    private void ReadBody(MethodBodyBlock body, Seen seen)
    {
        if (!body.LocalSignature.IsNil)
        {
            metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(seen, null);
        }

        foreach (var region in body.ExceptionRegions)
        {
            seen.Add(region.CatchType);
        }

        var code = body.GetILReader();
        while (code.RemainingBytes > 0)
        {
            var first = code.ReadByte();
            // 0xFE announces a code of two bytes.
            var operand = Operands[first == 0xFE ? unchecked((short)(0xFE00 | code.ReadByte())) : first];
            switch (operand)
            {
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    code.Offset += 1;
                    break;
                case OperandType.InlineVar:
                    code.Offset += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    code.Offset += 8;
                    break;
                case OperandType.InlineSwitch:
                    var targets = code.ReadInt32();
                    code.Offset += 4 * targets;
                    break;
                case OperandType.InlineString:
                    texts.Add((seen.Type, metadata.GetUserString(MetadataTokens.UserStringHandle(code.ReadInt32() & 0xFFFFFF))));
                    break;
                case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                    seen.Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                    break;
                default:
                    code.Offset += 4;
                    break;
            }
        }
    }

    private CodeType Outermost(TypeDefinitionHandle handle)
    {
        var type = metadata.GetTypeDefinition(handle);
        while (!type.GetDeclaringType().IsNil)
        {
            type = metadata.GetTypeDefinition(type.GetDeclaringType());
        }

        return new CodeType(metadata.GetString(type.Namespace), metadata.GetString(type.Name));
    }

    /// <summary>Collects what one type refers to. As a signature provider it yields nothing; decoding is wanted for what it passes by.</summary>
    private sealed class Seen(CompiledCode code, CodeType type) : ISignatureTypeProvider<ValueTuple, object?>
    {
        public CodeType Type => type;

        public void Add(EntityHandle handle)
        {
            if (handle.IsNil)
            {
                return;
            }

            var metadata = code.metadata;
            switch (handle.Kind)
            {
                case HandleKind.TypeDefinition:
                    var other = code.Outermost((TypeDefinitionHandle)handle);
                    if (other != type)
                    {
                        code.uses.Add((type, other));
                    }

                    break;
                case HandleKind.TypeSpecification:
                    metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null);
                    break;
                case HandleKind.FieldDefinition:
                    Add(metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                    break;
                case HandleKind.MethodDefinition:
                    Add(metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                    break;
                case HandleKind.MethodSpecification:
                    var generic = metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                    generic.DecodeSignature(this, null);
                    Add(generic.Method);
                    break;
                case HandleKind.MemberReference:
                    var member = metadata.GetMemberReference((MemberReferenceHandle)handle);
                    Add(member.Parent);
                    break;
                default:
                    break;
            }
        }

        public void Add(GenericParameterHandleCollection parameters)
        {
            foreach (var constraint in parameters.SelectMany(parameter => code.metadata.GetGenericParameter(parameter).GetConstraints()))
            {
                Add(code.metadata.GetGenericParameterConstraint(constraint).Type);
            }
        }

        public void Add(CustomAttributeHandleCollection attributes)
        {
            foreach (var attribute in attributes)
            {
                Add(code.metadata.GetCustomAttribute(attribute).Constructor);
            }
        }

        public ValueTuple GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            Add(handle);
            return default;
        }

        public ValueTuple GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind)
        {
            Add(handle);
            return default;
        }

        public ValueTuple GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => default;

        public ValueTuple GetArrayType(ValueTuple elementType, ArrayShape shape) => default;

        public ValueTuple GetByReferenceType(ValueTuple elementType) => default;

        public ValueTuple GetFunctionPointerType(MethodSignature<ValueTuple> signature) => default;

        public ValueTuple GetGenericInstantiation(ValueTuple genericType, ImmutableArray<ValueTuple> typeArguments) => default;

        public ValueTuple GetGenericMethodParameter(object? genericContext, int index) => default;

        public ValueTuple GetGenericTypeParameter(object? genericContext, int index) => default;

        public ValueTuple GetModifiedType(ValueTuple modifier, ValueTuple unmodifiedType, bool isRequired) => default;

        public ValueTuple GetPinnedType(ValueTuple elementType) => default;

        public ValueTuple GetPointerType(ValueTuple elementType) => default;

        public ValueTuple GetPrimitiveType(PrimitiveTypeCode typeCode) => default;

        public ValueTuple GetSZArrayType(ValueTuple elementType) => default;
    }
}
