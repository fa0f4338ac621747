import protobuf from 'protobufjs';
import { plural, semicolonFinding, snakeCase } from '#engine/schema';
import type { Diagnostic } from '#kernel';

/** What schema.proto says, read roughly and at once in the browser: for templates, completion, first errors. */
export interface Outline {
	readonly package: string;
	readonly tables: readonly OutlineTable[];
	/** Of the author's own services. */
	readonly methods: readonly OutlineMethod[];
}

export interface OutlineTable {
	readonly message: string;
	readonly name: string;
	readonly columns: readonly OutlineColumn[];
}

export interface OutlineColumn {
	readonly name: string;
	/** As written: `bool`, `google.protobuf.Timestamp`. */
	readonly type: string;
}

export interface OutlineMethod {
	readonly name: string;
	readonly service: string;
	readonly request: string;
	readonly response: string;
}

export type OutlineResult = { readonly outline: Outline } | { readonly problem: Diagnostic };

export const emptyOutline: Outline = { package: '', tables: [], methods: [] };

/** Reads a schema.proto; where it is none, the first problem with its line. */
export function readOutline(source: string): OutlineResult {
	try {
		const { root, package: name } = protobuf.parse(source, { keepCase: true });
		return { outline: outlineOf(root, name ?? '') };
	} catch (error) {
		return { problem: problemOf(source, error) };
	}
}

function outlineOf(root: protobuf.Root, name: string): Outline {
	const tables: OutlineTable[] = [];
	const methods: OutlineMethod[] = [];
	for (const object of everything(root)) {
		if (object instanceof protobuf.Type) tables.push(...tableOf(object));
		if (object instanceof protobuf.Service) methods.push(...methodsOf(object));
	}
	return { package: name, tables, methods };
}

function* everything(namespace: protobuf.NamespaceBase): Generator<protobuf.ReflectionObject> {
	for (const object of namespace.nestedArray) {
		yield object;
		if (object instanceof protobuf.Namespace && !(object instanceof protobuf.Type)) yield* everything(object);
	}
}

function tableOf(type: protobuf.Type): OutlineTable[] {
	const options: Record<string, unknown> = type.options ?? {};
	const parsed = (type.parsedOptions ?? []) as Record<string, unknown>[];
	const isTable = [options, ...parsed].some((set) =>
		Object.keys(set).some((key) => key.startsWith('(loam.table)'))
	);
	if (!isTable) return [];
	const told = options['(loam.table).name'];
	const name = typeof told === 'string' ? told : plural(snakeCase(type.name));
	return [
		{
			message: type.name,
			name,
			columns: type.fieldsArray.map(({ name: column, type: of }) => ({ name: column, type: of }))
		}
	];
}

function methodsOf(service: protobuf.Service): OutlineMethod[] {
	return service.methodsArray.map((method) => ({
		name: method.name,
		service: service.name,
		request: method.requestType,
		response: method.responseType
	}));
}

/** protobufjs says `illegal token 'x', ';' expected (line 5)`. */
function problemOf(source: string, error: unknown): Diagnostic {
	const text = error instanceof Error ? error.message : String(error);
	const line = Number(/line (\d+)/.exec(text)?.[1] ?? 1);
	const token = /^illegal token '(.*)', ';' expected/.exec(text)?.[1];
	const column = token === undefined ? -1 : (source.split('\n')[line - 1] ?? '').indexOf(token);
	const semicolon = column < 0 ? undefined : semicolonFinding(source, { line, column: column + 1 });
	if (semicolon) return semicolon;
	const message = text.replace(/\s*\(.*line \d+\)\s*$/, '');
	return {
		severity: 'error',
		file: 'schema.proto',
		line,
		column: 1,
		reason: 'PROTO_SYNTAX',
		message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
	};
}
