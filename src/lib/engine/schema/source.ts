import type { DescEnum, DescField, DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import type { FileDescriptorProto, SourceCodeInfo_Location } from '@bufbuild/protobuf/wkt';

export interface Place {
	readonly line: number;
	readonly column: number;
	readonly endLine: number;
	readonly endColumn: number;
}

type Described = DescMessage | DescEnum | DescField | DescService | DescMethod;

/** Where a declaration stands in its file, from 1; the first line where the descriptor has no source info. */
export function placeOf(desc: Described): Place {
	const span = locationOf(desc)?.span ?? [];
	const [line = 0, column = 0] = span;
	const endLine = span.length === 4 ? span[2]! : line;
	const endColumn = span.at(-1) ?? 0;
	return { line: line + 1, column: column + 1, endLine: endLine + 1, endColumn: endColumn + 1 };
}

/** The comment before a declaration, without its marks; empty where there is none. */
export function commentOf(desc: Described): string {
	return (locationOf(desc)?.leadingComments ?? '').trim();
}

/** By path, made once a file: a schema of a thousand fields asks for thousands of places. */
const locations = new WeakMap<FileDescriptorProto, ReadonlyMap<string, SourceCodeInfo_Location>>();

function locationOf(desc: Described): SourceCodeInfo_Location | undefined {
	const file = fileOf(desc);
	const known = locations.get(file);
	const byPath =
		known ??
		new Map(
			// The first of a path counts, so it is put in last.
			[...(file.sourceCodeInfo?.location ?? [])].reverse().map((at) => [at.path.join(), at] as const)
		);
	if (!known) locations.set(file, byPath);
	return byPath.get(pathOf(desc).join());
}

function fileOf(desc: Described): FileDescriptorProto {
	if (desc.kind === 'field' || desc.kind === 'rpc') return fileOf(desc.parent);
	return desc.file.proto;
}

/** Field numbers and indexes from the file's descriptor to the declaration, as SourceCodeInfo counts them. */
function pathOf(desc: Described): number[] {
	switch (desc.kind) {
		case 'message':
			return desc.parent
				? [...pathOf(desc.parent), 3, desc.parent.proto.nestedType.indexOf(desc.proto)]
				: [4, desc.file.proto.messageType.indexOf(desc.proto)];
		case 'enum':
			return desc.parent
				? [...pathOf(desc.parent), 4, desc.parent.proto.enumType.indexOf(desc.proto)]
				: [5, desc.file.proto.enumType.indexOf(desc.proto)];
		case 'field':
			return [...pathOf(desc.parent), 2, desc.parent.proto.field.indexOf(desc.proto)];
		case 'service':
			return [6, desc.file.proto.service.indexOf(desc.proto)];
		case 'rpc':
			return [...pathOf(desc.parent), 2, desc.parent.proto.method.indexOf(desc.proto)];
	}
}
