import { nearest } from '#kernel';
import { anyone } from '#engine/policy';
import { report, type JsonFile, type JsonNode } from './json.ts';
import { fields, items, properties, text, texts } from './reader.ts';
import type { Access, AccessRule, Manifest, ViewAccess } from './types.ts';

type Roles = Manifest['roles'];

/** Roles that every project has; a module's own come with its name before them when they are granted. */
export const projectRoles = ['project-user', 'project-admin'] as const;

/** Who may be named beside the roles: what a view tells may be for everybody, what a command does never is. */
const viewReaders: readonly string[] = [anyone];

/** `access` of module.json. Whether the views and commands exist is checked when they are known. */
export function readAccess(json: JsonFile, node: JsonNode | undefined, roles: Roles): Access {
	if (!node) return { views: {}, commands: {} };
	const at = fields(json, node, 'access', ['views', 'commands']);
	return {
		views: readMap(json, at.views, 'access.views', (value, name) => readView(json, value, name, roles)),
		commands: readMap(json, at.commands, 'access.commands', (value, name) =>
			readRules(json, value, `access.commands.${name}`, knownRoles(roles))
		)
	};
}

function readMap<T>(
	json: JsonFile,
	node: JsonNode | undefined,
	what: string,
	read: (value: JsonNode, name: string) => T
): Record<string, T> {
	if (!node) return {};
	return Object.fromEntries(
		properties(json, node, what).map(({ key, node: value }) => [key, read(value, key)])
	);
}

/** A list of rules, or `{read, columns}`. */
function readView(json: JsonFile, node: JsonNode, name: string, roles: Roles): ViewAccess {
	const what = `access.views.${name}`;
	const known = [...knownRoles(roles), ...viewReaders];
	if (node.type === 'array') return { read: readRules(json, node, what, known), columns: {} };
	const at = fields(json, node, what, ['read', 'columns'], ['read']);
	return {
		read: readRules(json, at.read, `${what}.read`, known),
		columns: readMap(json, at.columns, `${what}.columns`, (value, column) => {
			const names = texts(json, value, `${what}.columns.${column}`);
			names.forEach((role, i) => checkRole(json, value.children?.[i] ?? value, role, known));
			return names;
		})
	};
}

function knownRoles(roles: Roles): readonly string[] {
	return [...projectRoles, ...Object.keys(roles)];
}

function readRules(
	json: JsonFile,
	node: JsonNode | undefined,
	what: string,
	known: readonly string[]
): AccessRule[] {
	return items(json, node, what).flatMap((item) => readRule(json, item, what, known) ?? []);
}

/** A role's name, or `{roles, where}`. */
function readRule(
	json: JsonFile,
	node: JsonNode,
	what: string,
	known: readonly string[]
): AccessRule | undefined {
	if (node.type === 'string') {
		checkRole(json, node, node.value as string, known);
		return { roles: [node.value as string] };
	}
	const at = fields(json, node, `A rule of ${what}`, ['roles', 'where'], ['roles']);
	const names = items(json, at.roles, 'roles').flatMap((item) => {
		const role = text(json, item, 'A role');
		if (role !== undefined) checkRole(json, item, role, known);
		return role ?? [];
	});
	const where = text(json, at.where, 'where', 2000);
	return { roles: names, ...(where === undefined ? {} : { where }) };
}

function checkRole(json: JsonFile, node: JsonNode, role: string, known: readonly string[]): void {
	if (known.includes(role)) return;
	const near = nearest(role, known);
	report(
		json,
		node,
		'ROLE_UNKNOWN',
		`There is no role "${role}".`,
		`${near ? `Did you mean "${near}"? ` : ''}Roles are ${known.join(', ')}; more are named under "roles".`
	);
}
