import { queryDepends } from '../depends.ts';
import { bindStages, type BoundStage } from '../finish.ts';
import type { ViewPlan } from '../plan.ts';
import { costClasses } from './classes.ts';
import { relationsOf, type Stages } from './parts.ts';
import type { Input } from './rows-step.ts';
import { stageKind, stepsOf } from './steps.ts';
import { doesOf, titleOf } from './titles.ts';
import type { ChangeCost, Measure, Step, ViewCost } from './types.ts';

/** What a view that `finishView` finished costs to keep; `types` as there. */
export function viewCost(plan: ViewPlan, types: readonly string[]): ViewCost {
	const bound = bindStages(plan, types);
	const stages: Stages = {
		all: new Map(bound.map((stage) => [stage.plan.hash, stage.plan])),
		measures: new Map<string, Measure>()
	};
	const changes = bound.flatMap(({ plan: stage }, at) =>
		stage.query.scope.sources.flatMap((source, index): ChangeCost[] => {
			if (source.stage !== undefined || source.call) return [];
			const steps = follow(bound, at, index, stages);
			return [{ table: source.table.name, alias: source.alias, stage: stage.hash, steps }];
		})
	);
	return {
		stages: bound.map(({ plan: stage }) => ({
			hash: stage.hash,
			title: titleOf(stage),
			isView: !stage.hidden,
			kind: stageKind(stage),
			does: doesOf(stage, stages),
			reads: relationsOf(stage)
		})),
		changes,
		measures: [...stages.measures.values()]
	};
}

/** The way of a change from a source of a stage to the view. */
function follow(
	bound: readonly BoundStage[],
	at: number,
	source: number,
	stages: Stages
): ChangeCost['steps'] {
	const own = bound[at]!;
	const steps = stepsIn(own, stages, { kind: 'source', source });
	const reached = new Set([own.plan.hash]);
	for (const stage of bound.slice(at + 1)) {
		const ways = inputsFrom(stage.plan, reached).map(({ input, from }) =>
			stepsIn(stage, stages, input).map((step) => ({ ...step, from }))
		);
		if (ways.length === 0) continue;
		steps.push(...ways.sort((a, b) => rankOf(b) - rankOf(a))[0]!);
		reached.add(stage.plan.hash);
	}
	return steps;
}

function stepsIn({ plan, types }: BoundStage, stages: Stages, input: Input): Step[] {
	return stepsOf[stageKind(plan)](plan, types, stages, input);
}

function rankOf(steps: readonly Step[]): number {
	return Math.max(...steps.map((step) => costClasses.indexOf(step.class)));
}

function inputsFrom(
	{ query, refs }: ViewPlan,
	reached: ReadonlySet<string>
): { readonly input: Input; readonly from: string }[] {
	const sources = query.scope.sources.flatMap(({ stage }, source) =>
		stage === undefined ? [] : [{ input: { kind: 'source', source } as const, from: refs[stage]! }]
	);
	const parts = queryDepends(query).map((part) => ({
		input: { kind: 'part', part } as const,
		from: refs[part.stage]!
	}));
	return [...sources, ...parts].filter(({ from }) => reached.has(from));
}
