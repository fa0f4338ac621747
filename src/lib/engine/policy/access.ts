import type { Access, AccessRule } from './access-rules.ts';
import { combine, parseFilter, type Filter, type FilterColumn } from '#engine/filter';
import { anyone, holdsAny, isProjectAdmin } from './roles.ts';

/** What a manifest lets these roles read of a view. */
export interface ReadAccess {
	readonly allowed: boolean;
	/** Rows that are visible; undefined: every row. */
	readonly filter: Filter | undefined;
	/** Names of the readable columns, in the view's order. */
	readonly columns: readonly string[];
}

/** The part of a manifest that access stands in. */
export interface AccessTable {
	/** The module's name: its roles are `name:role`. */
	readonly name: string;
	readonly access: Access;
}

interface ReadableView {
	readonly name: string;
	readonly columns: readonly FilterColumn[];
}

/** Rights on a view. Nothing listed means nobody but project-admins. Throws FILTER_INVALID where a rule's `where` doesn't fit the view. */
export function readAccess(
	manifest: AccessTable,
	view: ReadableView,
	roles: ReadonlySet<string>
): ReadAccess {
	const all = view.columns.map((column) => column.name);
	if (isProjectAdmin(roles)) return { allowed: true, filter: undefined, columns: all };
	const entry = own(manifest.access.views, view.name);
	const isOpenTo = (wanted: readonly string[]) =>
		wanted.includes(anyone) || holdsAny(manifest.name, wanted, roles);
	const rules = (entry?.read ?? []).filter((rule) => isOpenTo(rule.roles));
	if (rules.length === 0) return { allowed: false, filter: undefined, columns: [] };
	const columns = all.filter((column) => {
		const wanted = own(entry?.columns ?? {}, column);
		return wanted === undefined || isOpenTo(wanted);
	});
	const filters = rules.map((rule) => rule.where && parseFilter(rule.where, view.columns));
	const everyRow = filters.some((filter) => !filter);
	return {
		allowed: true,
		filter: everyRow
			? undefined
			: combine(
					'or',
					filters.filter((filter) => typeof filter === 'object')
				),
		columns
	};
}

export interface CommandAccess {
	readonly allowed: boolean;
	/** Of a standard method: the rows that it may touch, in the filter language; undefined: every row. */
	readonly rowFilter: string | undefined;
}

/** Rights on a command, by its method name. */
export function commandAccess(
	manifest: AccessTable,
	command: string,
	roles: ReadonlySet<string>
): CommandAccess {
	if (isProjectAdmin(roles)) return { allowed: true, rowFilter: undefined };
	const rules = heldRules(manifest.name, own(manifest.access.commands, command) ?? [], roles);
	const wheres = rules.map((rule) => rule.where);
	const everyRow = wheres.some((where) => !where);
	return {
		allowed: rules.length > 0,
		rowFilter: rules.length === 0 || everyRow ? undefined : wheres.map((where) => `(${where})`).join(' OR ')
	};
}

function heldRules(module: string, rules: readonly AccessRule[], roles: ReadonlySet<string>): AccessRule[] {
	return rules.filter((rule) => holdsAny(module, rule.roles, roles));
}

function own<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
	return Object.hasOwn(table, name) ? table[name] : undefined;
}
