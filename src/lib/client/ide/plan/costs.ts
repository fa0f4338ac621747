import type { ViewChange } from '#gen/loam/v1/modules_pb';
import type { PlannedView } from '../api.ts';

type Weight = 'light' | 'medium' | 'heavy';

/** The classes of costs, from least to most, as the API calls them. */
const weights: Readonly<Record<string, { readonly weight: Weight; readonly title: string }>> = {
	row: { weight: 'light', title: 'one row' },
	first: { weight: 'light', title: 'first rows' },
	group: { weight: 'light', title: 'one group' },
	matches: { weight: 'medium', title: 'rows that join' },
	extreme: { weight: 'medium', title: 'one group' },
	regroup: { weight: 'medium', title: 'a group again' },
	partition: { weight: 'medium', title: 'a partition' },
	all: { weight: 'heavy', title: 'everything' }
};
const order = Object.keys(weights);

/** What a cost looks like; one that this builder does not know has its own name. */
export function weightOf(cost: string): { readonly weight: Weight; readonly title: string } {
	return weights[cost] ?? { weight: 'medium', title: cost };
}

/** The change that touches most. */
export function heaviest({ changes }: Pick<PlannedView, 'changes'>): ViewChange | undefined {
	return changes.toSorted((a, b) => order.indexOf(b.cost) - order.indexOf(a.cost))[0];
}

/** What a place is called: the table, and its alias where that tells it from others. */
export function placeOf({ table, alias, stage }: ViewChange, { changes, name }: PlannedView): string {
	const others = changes.filter((change) => change.table === table);
	const as = alias !== table && others.length > 1 ? ` as ${alias}` : '';
	const where = stage !== name && others.length > 1 ? ` in ${stage}` : '';
	return table + as + where;
}
