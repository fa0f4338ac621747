import type { ViewPlan } from '../plan.ts';
import { groupStep } from './group-step.ts';
import { overStep } from './over-step.ts';
import type { Stages } from './parts.ts';
import { rowsStep, type Input } from './rows-step.ts';
import type { StageKind, Step } from './types.ts';

export function stageKind({ kind, query }: Pick<ViewPlan, 'kind' | 'query'>): StageKind {
	if (kind === 'through') return 'through';
	if (query.over) return query.over.kind;
	if (query.union) return 'union';
	return query.grouping ? 'groups' : 'rows';
}

type StepsOf = (plan: ViewPlan, types: readonly string[], stages: Stages, input: Input) => Step[];

const oneRow: StepsOf = ({ hash }) => [{ stage: hash, class: 'row', hops: [], rows: [], gives: [] }];
const over: StepsOf = (plan, _types, stages) => [overStep(plan, stages)];

/** What a change does that comes into a stage. */
export const stepsOf: Readonly<Record<StageKind, StepsOf>> = {
	through: oneRow,
	union: oneRow,
	windows: over,
	first: over,
	rows: (plan, _types, stages, input) => [rowsStep(plan, stages, input)],
	groups: (plan, types, stages, input) => {
		const rows = rowsStep(plan, stages, input);
		return [rows, groupStep(plan, types, stages, input, rows)];
	}
};
