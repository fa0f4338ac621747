import { parseSql, type ParsedSql } from '#engine/sql';
import { queryDepends } from './depends.ts';
import type { ViewPlan } from './plan.ts';
import type { Query } from './query.ts';
import type { NamedSelect, Reading } from './reading.ts';

/** The views that a text names, and those that they name: parsed. One that does not parse is left out. */
export async function viewsReached(
	parsed: ParsedSql,
	views: readonly NamedSelect[]
): Promise<Reading['views']> {
	const byName = new Map(views.map((view) => [view.name, view]));
	const reached = new Map<string, { view: NamedSelect; parsed: ParsedSql }>();
	const open = [parsed];
	for (let next = open.pop(); next; next = open.pop()) {
		for (const name of relationNames(next.statements)) {
			const view = byName.get(name);
			if (!view || reached.has(name)) continue;
			const outcome = await parseSql(view.sql);
			if (!outcome.ok) continue;
			reached.set(name, { view, parsed: outcome.parsed });
			open.push(outcome.parsed);
		}
	}
	return reached;
}

/** Every name that stands in some FROM. */
function* relationNames(node: unknown): Generator<string> {
	if (typeof node !== 'object' || node === null) return;
	if ('relname' in node && typeof node.relname === 'string') yield node.relname;
	for (const child of Object.values(node)) yield* relationNames(child);
}

/** The stages that a query reads, and those below them, each after those that it reads, without doubles. */
export function reachable(query: Query, plans: readonly ViewPlan[]): ViewPlan[] {
	const reached = new Map<string, ViewPlan>();
	for (const plan of directStages(query).map((index) => plans[index]!)) {
		for (const below of [...plan.stages, plan]) reached.set(below.hash, below);
	}
	return [...reached.values()];
}

/** Indexes of the stages that a query itself reads, in FROM and by subqueries. */
export function directStages(query: Query): number[] {
	const sources = query.scope.sources.flatMap(({ stage }) => (stage === undefined ? [] : [stage]));
	const depends = queryDepends(query).flatMap(({ stage, via }) => [stage, ...via.map((one) => one.stage)]);
	return [...sources, ...depends];
}

/** What a change of a query's direct sources is called, as long as some of them are stages: `{#n}` and tables. */
export function stageNames({ query }: Pick<ViewPlan, 'query'>): string[] {
	if (directStages(query).length === 0) return [];
	const depends = queryDepends(query).map(({ stage }) => `{#${stage}}`);
	const sources = query.scope.sources.filter(({ call }) => !call).map(({ table }) => table.name);
	return [...new Set([...sources, ...depends])];
}
