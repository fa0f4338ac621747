import { assert } from '#kernel';
import { columnOf, formatType, sourceOf, type CatalogTable } from './catalog.ts';
import { queryDepends } from './depends.ts';
import { typeCount } from './describe.ts';
import { named, planImplicit, type ViewPlan } from './plan.ts';
import { groupsProgram } from './program/groups.ts';
import { keyOutputs } from './program/key.ts';
import { overProgram } from './program/over.ts';
import { stageRelation, type StageRelation } from './program/relation.ts';
import { rowsProgram } from './program/rows.ts';
import { throughProgram } from './program/through.ts';
import { unionProgram } from './program/union.ts';
import { directStages } from './reach.ts';
import { isOutputNotNull } from './grouping.ts';
import type { ViewColumn, ViewProgram, ViewSource, ViewSpec } from './types.ts';

/**
 * A plan with its types (what `plan.describeSql` answered) becomes the view as it is built and kept.
 * Throws an error with `reason` and `hint` for groups by a type that has no stand-in for NULL (`groupTerms`).
 */
export function finishView(plan: ViewPlan, types: readonly string[]): ViewSpec {
	const bound = bindStages(plan, types);
	const below = new Map<string, FinishedStage>();
	for (const stage of bound.slice(0, -1)) {
		const spec = specOf(stage.plan, stage.types, below);
		below.set(stage.plan.hash, { spec, relation: stage.relation! });
	}
	const spec = specOf(bound.at(-1)!.plan, types, below);
	return below.size === 0 ? spec : { ...spec, stages: Array.from(below.values(), (stage) => stage.spec) };
}

/** A stage whose sources have their types. */
export interface BoundStage {
	readonly plan: ViewPlan;
	/** As `describeSql` gives them. */
	readonly types: readonly string[];
	/** What others read of it; nobody within the view reads the last. */
	readonly relation?: StageRelation;
}

/** The stages of a view, and the view as the last of them, with the types that `describeSql` answered. */
export function bindStages(plan: ViewPlan, types: readonly string[]): BoundStage[] {
	const relations = new Map<string, StageRelation>();
	let at = typeCount(plan.query);
	const stages = plan.stages.map((stage): BoundStage => {
		const own = types.slice(at, (at += typeCount(stage.query)));
		const bound = bind(stage, relations);
		const relation = stageRelation(bound, own.map(sqlType));
		relations.set(stage.hash, relation);
		return { plan: bound, types: own, relation };
	});
	return [...stages, { plan: bind(plan, relations), types: types.slice(0, typeCount(plan.query)) }];
}

interface FinishedStage {
	readonly spec: ViewSpec;
	readonly relation: StageRelation;
}

/** The implicit view of a table; its types are known without Postgres. */
export async function implicitView(table: CatalogTable): Promise<ViewSpec> {
	const plan = await planImplicit(table);
	return finishView(
		plan,
		table.columns.map((column) => formatType(columnOf(table, column.name)!))
	);
}

/** The plan with the types of the stages that it reads. */
function bind(plan: ViewPlan, below: ReadonlyMap<string, StageRelation>): ViewPlan {
	const { scope } = plan.query;
	const sources = scope.sources.map((source) => {
		if (source.stage === undefined) return source;
		const { columns } = below.get(plan.refs[source.stage]!)!.table;
		return { ...source, table: { ...source.table, columns } };
	});
	const parts = new Map(
		queryDepends(plan.query).map(({ stage }) => [stage, below.get(plan.refs[stage]!)!.table])
	);
	return { ...plan, parts, query: { ...plan.query, scope: { ...scope, sources } } };
}

function specOf(
	plan: ViewPlan,
	types: readonly string[],
	below: ReadonlyMap<string, FinishedStage>
): ViewSpec {
	const { query } = plan;
	assert(types.length >= query.outputs.length, `types of view ${plan.name}`);
	const key = keyOutputs(plan);
	const reads = [...new Set(directStages(query).map((stage) => plan.refs[stage]!))];
	return {
		name: plan.name,
		implicit: plan.implicit,
		kind: plan.kind,
		hash: plan.hash,
		sql: plan.sql,
		columns: query.outputs.map((output, index) =>
			viewColumn(plan, index, types[index]!, key?.indexOf(index) ?? -1)
		),
		opaqueKey: key === undefined,
		sources: sourcesOf(plan, below),
		program: relating(programOf(plan, types.map(sqlType)), plan, below),
		...(plan.hidden ? { hidden: true } : {}),
		...(reads.length > 0 ? { reads } : {})
	};
}

/** The tables that it reads itself or by its stages. */
function sourcesOf(plan: ViewPlan, below: ReadonlyMap<string, FinishedStage>): ViewSource[] {
	const tables = plan.query.scope.sources.filter(({ stage, call }) => stage === undefined && !call);
	const stages = directStages(plan.query).map((stage) => below.get(plan.refs[stage]!)!);
	const sources = [
		...tables.map(({ table }) => sourceOf(table)),
		...stages.flatMap(({ spec }) => spec.sources)
	];
	return [...new Map(sources.map((source) => [source.table, source])).values()];
}

/** Puts the stages' relations into the statements. */
function relating(
	{ create, drop, read, ...rest }: ViewProgram,
	plan: ViewPlan,
	below: ReadonlyMap<string, FinishedStage>
): ViewProgram {
	const filled = (sql: string) => named(sql, plan.refs, (hash) => below.get(hash)!.relation.sql);
	return { create: create.map(filled), drop: drop.map(filled), read: filled(read), ...rest };
}

/** format_type calls it `character`, which as SQL would be a single letter. */
export function sqlType(type: string): string {
	return type.replace(/^character(\[\])?$/, 'bpchar$1');
}

function programOf(plan: ViewPlan, types: readonly string[]): ViewProgram {
	if (plan.kind === 'through') return throughProgram(plan, types);
	if (plan.query.over) return overProgram(plan, types);
	if (plan.query.union) return unionProgram(plan, types);
	return plan.query.grouping ? groupsProgram(plan, types) : rowsProgram(plan, types);
}

function viewColumn(plan: ViewPlan, index: number, type: string, keyIndex: number): ViewColumn {
	const output = plan.query.outputs[index]!;
	const dims = type.endsWith('[]') ? 1 : 0;
	return {
		name: output.name,
		type: dims > 0 ? type.slice(0, -2) : type,
		dims,
		notNull: isOutputNotNull(plan.query, output.expression),
		...(keyIndex >= 0 ? { keyIndex } : {})
	};
}
