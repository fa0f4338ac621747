import type { Diagnostic } from '#kernel';
import { filesOf, type ModuleFiles } from '#engine/module';
import { schemaFile, type TableSpec } from '#engine/schema';
import { postgresDiagnostic } from '#engine/sql';
import {
	finishView,
	implicitView,
	ownMissingIndexes,
	peopleTable,
	platformTables,
	planView,
	renderSql,
	viewCost,
	type MissingIndex,
	type NamedSelect,
	type PlanOutcome,
	type ViewDefinition,
	type ViewPlan,
	type ViewSpec
} from '#engine/view';
import type { Client } from '#platform/postgres';
import { readIndexes } from '../database/catalog.ts';
import { isPostgresError } from '../database/run-migrations.ts';
import { readDeep } from './too-deep.ts';

/** A view's file with its plan. */
export interface PlannedView {
	readonly file: string;
	readonly plan: ViewPlan;
}

export function viewFile(name: string): string {
	return `views/${name}.sql`;
}

/** Names of the views of views/. */
export function viewNames(files: ModuleFiles): string[] {
	return filesOf(files, 'view').map((file) => file.slice('views/'.length, -'.sql'.length));
}

/** Plans them where nobody knows the tables: what is found depends on none. */
export async function planAlone(files: ModuleFiles, found: Diagnostic[]): Promise<PlannedView[]> {
	const problems: Diagnostic[] = [];
	const planned = await planViews(files, [], problems);
	found.push(...problems.filter(({ reason }) => reason !== 'VIEW_UNKNOWN_TABLE'));
	return planned;
}

/** Plans every file of views/. */
export async function planViews(
	files: ModuleFiles,
	tables: readonly TableSpec[],
	found: Diagnostic[]
): Promise<PlannedView[]> {
	const planned: PlannedView[] = [];
	const views = viewsOf(files);
	for (const { name, file, sql } of views) {
		if ([...platformTables, ...tables].some((table) => table.name === name)) {
			found.push(takenName(file, name));
			continue;
		}
		const outcome = await plan({ name, file, sql, tables: [...tables, ...platformTables], views });
		if (outcome.ok) {
			found.push(...outcome.plan.warnings);
			planned.push({ file, plan: outcome.plan });
		} else found.push(...outcome.diagnostics);
	}
	return planned;
}

/** The views of a module, which may read each other. */
export function viewsOf(files: ModuleFiles): NamedSelect[] {
	return filesOf(files, 'view').map((file) => ({
		name: file.slice('views/'.length, -'.sql'.length),
		file,
		sql: files.get(file)!
	}));
}

/** `planView`, for any text. */
export function plan(definition: ViewDefinition): Promise<PlanOutcome> {
	const refused = (finding: Diagnostic): PlanOutcome => ({ ok: false, diagnostics: [finding] });
	return readDeep(definition.file, () => planView(definition), refused);
}

function takenName(file: string, name: string): Diagnostic {
	return {
		severity: 'error',
		file,
		line: 1,
		column: 1,
		reason: 'VIEW_NAME',
		message: `"${name}" is a table, which has a view of its own name.`,
		hint: 'Give the file another name.'
	};
}

/** Asks Postgres for the types of planned views, over the tables of `schema`, and finishes them. */
export async function finishViews(
	client: Client,
	schema: string,
	planned: readonly PlannedView[],
	found: Diagnostic[]
): Promise<ViewSpec[]> {
	const specs: ViewSpec[] = [];
	const indexes = await readIndexes(client, schema);
	for (const one of planned) {
		const types = await describe(client, schema, one, found);
		if (!types) continue;
		try {
			specs.push(finishView(one.plan, types));
			found.push(...withoutIndex(one.file, ownMissingIndexes(viewCost(one.plan, types), indexes)));
		} catch (error) {
			found.push(refusal(one.file, error));
		}
	}
	return specs;
}

/** A join that looks a table up by a column without an index reads all of it at every change of a partner. */
function withoutIndex(file: string, missing: readonly MissingIndex[]): Diagnostic[] {
	return missing.map(({ table, columns }) => ({
		severity: 'warning',
		file,
		line: 1,
		column: 1,
		reason: 'VIEW_NO_INDEX',
		message: `The view finds rows of "${table}" by ${columns.map((name) => `"${name}"`).join(', ')} without an index: changes get slow as the table grows.`,
		hint: `Add a migration with an index on ${table} (${columns.join(', ')}).`,
		fix: { kind: 'draft-index', table, columns }
	}));
}

/** Undefined where Postgres refuses it. */
export async function describe(
	client: Client,
	schema: string,
	{ file, plan }: PlannedView,
	found: Diagnostic[]
): Promise<readonly string[] | undefined> {
	const prefix = 'PREPARE loam_view AS ';
	try {
		await client.query(prefix + plan.checkSql);
		await client.query('DEALLOCATE loam_view');
		const { rows } = await client.query<{ types: string[] }>(renderSql(plan.describeSql, { data: schema }));
		return rows[0]!.types;
	} catch (error) {
		if (!isPostgresError(error)) throw error;
		const position =
			error.position === undefined
				? undefined
				: String(Number(error.position) - prefix.length - plan.checkOffset);
		const { message, hint } = error;
		found.push({
			...postgresDiagnostic(file, plan.sql, { message, hint, position }),
			reason: 'VIEW_REFUSED'
		});
		return undefined;
	}
}

/** What the planner refuses only when it knows the types. */
export function refusal(file: string, error: unknown): Diagnostic {
	const { reason, hint, message } = error as { reason?: unknown; hint?: unknown; message: string };
	if (typeof reason !== 'string' || typeof hint !== 'string') throw error;
	return { severity: 'error', file, line: 1, column: 1, reason, message, hint };
}

/** The views that tables and people have under their own names. */
export async function implicitViews(tables: readonly TableSpec[], found: Diagnostic[]): Promise<ViewSpec[]> {
	const specs: ViewSpec[] = [];
	for (const table of tables) {
		try {
			specs.push(await implicitView(table));
		} catch (error) {
			found.push({ ...refusal(schemaFile, error), line: table.line });
		}
	}
	return [...specs, await implicitView(peopleTable)];
}
