import type { DescFile, DescMethod, DescService } from '@bufbuild/protobuf';
import type { Diagnostic } from '#kernel';
import { finding } from './findings.ts';
import { snakeCase } from './names.ts';
import { placeOf } from './source.ts';
import { sdkNames, sdkTableNames } from './sdk-names.ts';
import { standardMethods, standardNames } from './standard.ts';
import type { MethodSpec, TableSpec } from './types.ts';

/** The file whose default export runs a method: `CloseTicket` -> `logic/close_ticket.ts` */
export function handlerFile(method: string): string {
	return `logic/${snakeCase(method)}.ts`;
}

/** The author's methods and the standard ones of every table; and what is wrong with the services. */
export function readMethods(
	file: DescFile,
	tables: readonly TableSpec[]
): { methods: MethodSpec[]; diagnostics: Diagnostic[] } {
	const standard = tables.flatMap(standardMethods);
	const diagnostics = clashes(file, tables);
	const seen = new Set(standard.map((method) => method.name));
	const own = file.services.flatMap((service) => {
		return service.methods.map((method) => {
			diagnostics.push(...checkMethod(method, seen));
			seen.add(method.name);
			return specOf(service, method);
		});
	});
	return { methods: [...own, ...standard], diagnostics };
}

function specOf(service: DescService, method: DescMethod): MethodSpec {
	return {
		name: method.name,
		service: service.typeName,
		request: method.input.typeName,
		response: method.output.typeName,
		run: { kind: 'handler', file: handlerFile(method.name) }
	};
}

function checkMethod(method: DescMethod, seen: ReadonlySet<string>): Diagnostic[] {
	const at = placeOf(method);
	if (method.methodKind !== 'unary') {
		return [
			finding(
				at,
				'METHOD_STREAM',
				`${method.name} is a stream; that is not there yet.`,
				'Leave `stream` out; live data comes from views.'
			)
		];
	}
	if (seen.has(method.name)) {
		return [
			finding(
				at,
				'METHOD_TWICE',
				`There is another method ${method.name}; a method is the verb of an action.`,
				'Give it a name of its own.'
			)
		];
	}
	return [];
}

/** Messages and services of the author that are named as what is made of the schema. */
function clashes(file: DescFile, tables: readonly TableSpec[]): Diagnostic[] {
	const standard = new Set(tables.flatMap(standardNames));
	const sdk = new Set([...sdkNames, ...tables.flatMap(sdkTableNames)]);
	const types = [...file.messages, ...file.enums];
	const taken = (desc: (typeof types)[number] | DescService, by: string) =>
		finding(placeOf(desc), 'NAME_TAKEN', `${desc.name} is the name of ${by}.`, 'Choose another one.');
	return [
		...[...types, ...file.services]
			.filter((desc) => standard.has(desc.name))
			.map((desc) => taken(desc, 'a standard method, its request or its response')),
		...types.filter((desc) => sdk.has(desc.name)).map((desc) => taken(desc, 'a type that handlers get'))
	];
}
