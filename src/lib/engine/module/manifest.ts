import type { Diagnostic } from '#kernel';
import { anyone } from '#engine/policy';
import { readAccess } from './access.ts';
import { openJson, report, type JsonFile, type JsonNode } from './json.ts';
import { fields, items, properties, text, texts } from './reader.ts';
import type { Manifest, NavigationItem } from './types.ts';

export const moduleNamePattern = /^[a-z][a-z0-9_]{0,39}$/;
const longestName = 40;

/** Names that routes and proto packages need for themselves. */
export const reservedModuleNames: ReadonlySet<string> = new Set([
	'account',
	'admin',
	'api',
	'build',
	'google',
	'loam',
	'people',
	'settings'
]);

/** What keeps a text from being a module's name; undefined where it can be one. */
export function moduleNameProblem(name: string): string | undefined {
	if (!moduleNamePattern.test(name)) {
		return 'A name has lower case letters, digits and underscores, begins with a letter and has at most 40 characters.';
	}
	if (reservedModuleNames.has(name)) return `"${name}" is a name of Loam itself. Choose another one.`;
	return undefined;
}

/** Letters that don't fall apart into a letter and its mark. */
const letters: Readonly<Record<string, string>> = {
	ß: 'ss',
	æ: 'ae',
	œ: 'oe',
	ø: 'o',
	ł: 'l',
	đ: 'd',
	ð: 'd',
	þ: 'th',
	ı: 'i'
};

/**
 * A name that a module can have, made of what somebody typed: `My Shop!` -> `my_shop`. Numbered where it is
 * taken; `module` where nothing of it is left.
 */
export function suggestModuleName(typed: string, taken: ReadonlySet<string> = new Set()): string {
	const plain = typed
		.normalize('NFKD')
		.replace(/\p{M}/gu, '')
		.toLowerCase()
		.replace(/[^\p{ASCII}]/gu, (letter) => letters[letter] ?? ' ')
		.replace(/['’]/g, '')
		.replace(/[^a-z0-9]+/g, '_')
		.replace(/^_+|_+$/g, '');
	const begun = plain === '' ? 'module' : /^\d/.test(plain) ? `module_${plain}` : plain;
	const isFree = (name: string) => !taken.has(name) && moduleNameProblem(name) === undefined;
	const cut = (length: number) => begun.slice(0, length).replace(/_+$/, '');
	if (isFree(cut(longestName))) return cut(longestName);
	for (let number = 2; ; number++) {
		const ending = `_${number}`;
		const name = cut(longestName - ending.length) + ending;
		if (isFree(name)) return name;
	}
}

export interface Parsed<T> {
	/** Absent where something is wrong. */
	readonly value: T | undefined;
	readonly diagnostics: readonly Diagnostic[];
}

const keys = [
	'name',
	'version',
	'title',
	'icon',
	'description',
	'roles',
	'uses',
	'capabilities',
	'access',
	'navigation'
] as const;

/** Reads module.json. Every key is known or an error; what is left out has the default of its kind. */
export function parseManifest(source: string, file = 'module.json'): Parsed<Manifest> {
	const json = openJson(file, source);
	const value = json.root && readManifest(json, json.root);
	const ok = value !== undefined && json.found.length === 0;
	return { value: ok ? value : undefined, diagnostics: json.found };
}

function readManifest(json: JsonFile, root: JsonNode): Manifest {
	const at = fields(json, root, 'module.json', keys, ['name', 'version', 'title']);
	const icon = text(json, at.icon, 'icon', 100);
	const description = text(json, at.description, 'description', 2000);
	const roles = readRoles(json, at.roles);
	return {
		name: readName(json, at.name),
		version: readVersion(json, at.version),
		title: text(json, at.title, 'title', 100) ?? '',
		...(icon === undefined ? {} : { icon }),
		...(description === undefined ? {} : { description }),
		roles,
		uses: texts(json, at.uses, 'uses'),
		capabilities: readCapabilities(json, at.capabilities),
		access: readAccess(json, at.access, roles),
		navigation: items(json, at.navigation, 'navigation').map((node) => readNavigation(json, node))
	};
}

function readName(json: JsonFile, node: JsonNode | undefined): string {
	const name = text(json, node, 'name') ?? '';
	const problem = moduleNameProblem(name);
	if (node?.type === 'string' && problem)
		report(json, node, 'MANIFEST_NAME', `"${name}" can't name a module.`, problem);
	return name;
}

function readVersion(json: JsonFile, node: JsonNode | undefined): string {
	const version = text(json, node, 'version') ?? '';
	if (node?.type === 'string' && !/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/.test(version)) {
		report(json, node, 'MANIFEST_VERSION', `"${version}" is no version.`, 'Write three numbers: "1.0.0".');
	}
	return version;
}

function readRoles(json: JsonFile, node: JsonNode | undefined): Manifest['roles'] {
	if (!node) return {};
	return Object.fromEntries(
		properties(json, node, 'roles').map(({ key, keyNode, node: value }) => {
			if (!moduleNamePattern.test(key)) {
				report(
					json,
					keyNode,
					'MANIFEST_ROLE',
					`"${key}" can't name a role.`,
					'Use lower case letters, digits and underscores.'
				);
			}
			if (key === anyone) {
				const hint = 'Give the role another name; in the access of a view "anyone" is everybody.';
				report(json, keyNode, 'MANIFEST_ROLE', '"anyone" can\'t name a role.', hint);
			}
			const at = fields(json, value, `The role "${key}"`, ['title'], ['title']);
			return [key, { title: text(json, at.title, 'title', 100) ?? key }];
		})
	);
}

/** No handler reaches the outside yet, so there is nothing to declare. */
function readCapabilities(json: JsonFile, node: JsonNode | undefined): string[] {
	const names = texts(json, node, 'capabilities');
	if (node && names.length > 0) {
		report(
			json,
			node,
			'CAPABILITY_UNKNOWN',
			`There is no capability "${names[0]!}" yet.`,
			'Leave the list empty.'
		);
	}
	return names;
}

function readNavigation(json: JsonFile, node: JsonNode): NavigationItem {
	const at = fields(json, node, 'An item of navigation', ['title', 'page', 'icon'], ['title', 'page']);
	const icon = text(json, at.icon, 'icon', 100);
	const page = text(json, at.page, 'page', 200) ?? '';
	return {
		title: text(json, at.title, 'title', 100) ?? '',
		page: page.replace(/(?:^|\/)index$/, ''),
		...(icon === undefined ? {} : { icon })
	};
}
