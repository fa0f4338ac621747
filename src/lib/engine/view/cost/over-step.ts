import type { ViewPlan } from '../plan.ts';
import { firstOf } from '../program/top-k.ts';
import { relationOf, rowsOf, rowsPer, type Stages } from './parts.ts';
import type { Amount, Step } from './types.ts';

/** Windows and first rows: what a changed row of the stage beneath does to its partition. */
export function overStep(plan: ViewPlan, stages: Stages): Step {
	const relation = relationOf(plan, 0);
	const columns = plan.query.over!.partition.map(({ column }) => column);
	const whole = rowsOf(stages, relation);
	const size = columns.length > 0 ? rowsPer(stages, relation, columns) : whole;
	const first = firstOf(plan);
	const at = { stage: plan.hash, hops: [], most: [whole] };
	if (first?.limit !== undefined) {
		const rows: Amount = [first.offset + first.limit];
		// one comes in, and one goes out
		return { ...at, class: 'first', rows, gives: plan.query.over!.kind === 'first' ? [2] : rows };
	}
	return { ...at, class: columns.length > 0 ? 'partition' : 'all', rows: [size], gives: [size] };
}
