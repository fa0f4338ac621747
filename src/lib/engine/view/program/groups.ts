import { quote } from '../expression.ts';
import type { ViewPlan } from '../plan.ts';
import { rangesOf } from '../ranges.ts';
import type { ViewProgram } from '../types.ts';
import { deltaColumns } from './group-delta.ts';
import { createDistincts, dropDistincts } from './group-distinct.ts';
import { foldingStatement } from './group-fold.ts';
import { fullStatements } from './group-full.ts';
import { rereadingStatements } from './group-reread.ts';
import { createGroups, groupView, keyOfRow, shown, visible } from './group-view.ts';
import { saltStatements } from './key.ts';
import { createLineage } from './lineage-table.ts';
import { dropMaintenance, maintenance } from './rows.ts';

/**
 * A view with groups: the rows that go into them with their lineage (`l_<hash>`), and the groups
 * (`v_<hash>`). The exact difference of the former is folded into the latter. Where an aggregate may have
 * to look at its whole group again, that is a statement of its own, after the lineage is written (rule 9).
 */
export function groupsProgram(plan: ViewPlan, types: readonly string[]): ViewProgram {
	const view = groupView(plan, types);
	const { hash } = plan;
	const salt = saltStatements(plan);
	const rowType = `{state}.d_${hash}`;
	const drop = [
		...dropMaintenance(hash),
		...dropDistincts(view),
		`DROP TABLE IF EXISTS ${view.table}`,
		`DROP TABLE IF EXISTS ${view.lineage.name}`,
		...(view.columns.rereads ? [`DROP TYPE IF EXISTS ${rowType}`] : []),
		...salt.drop
	];
	return {
		create: [
			...salt.create,
			...createLineage(plan, view.lineage),
			...createGroups(view),
			...createDistincts(view),
			...(view.columns.rereads
				? [
						`CREATE TYPE ${rowType} AS (${deltaColumns(view)
							.map((c) => `${c.name} ${c.type}`)
							.join(', ')})`
					]
				: []),
			...maintenance(
				plan,
				view.columns.rereads ? rereadingStatements(view, rowType) : foldingStatement(view),
				fullStatements(view)
			)
		],
		drop,
		...rangesOf(plan, view.columns.again.length > 0),
		read: `SELECT ${[`${keyOfRow(view, 's.')} AS _key`, ...visible(view, 's.').map((c) => `${c.sql} AS ${quote(c.name)}`)].join(', ')} FROM ${view.table} AS s WHERE ${shown(view, 's.')}`
	};
}
