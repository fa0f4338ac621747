import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { LiveViewSchema, ViewDescriptionSchema } from '#gen/loam/v1/modules_pb';
import { nameOf } from '#engine/view';
import type { LiveDescription, ViewDescription } from '../describe/types.ts';
import { diagnosticMessage } from './messages.ts';

export function viewMessage(view: ViewDescription): MessageInitShape<typeof ViewDescriptionSchema> {
	const { name, file, kind, stages, changes, missing, diagnostics, live } = view;
	return {
		name,
		file,
		kind,
		stages: stages.map(({ title, kind: does, does: text, reads, isView }, index) => ({
			title,
			kind: does,
			does: text,
			reads: reads.map((relation) => nameOf(relation, stages)),
			shared: isView && index < stages.length - 1
		})),
		changes: changes.map(({ class: cost, about, steps, ...change }) => ({
			...change,
			cost,
			...numbered({ about }),
			steps: steps.map(({ class: own, about: rows, stage, text, lookups }) => ({
				stage,
				text,
				cost: own,
				...numbered({ about: rows }),
				lookups: lookups.map((lookup) => ({ ...lookup, columns: [...lookup.columns] }))
			}))
		})),
		missingIndexes: missing.map(({ rows, columns, ...one }) => ({
			...one,
			columns: [...columns],
			...numbered({ rows })
		})),
		diagnostics: diagnostics.map(diagnosticMessage),
		...(live ? { live: liveMessage(live) } : {})
	};
}

function liveMessage(live: LiveDescription): MessageInitShape<typeof LiveViewSchema> {
	const { isSame, state, error, bytes, rows, build, lag, activity } = live;
	const perSecond = (count = 0) => count / 60;
	return {
		same: isSame,
		state,
		error: error ?? '',
		bytes: BigInt(Math.round(bytes)),
		...(lag ? { lagBytes: BigInt(Math.round(lag.bytes)), lagMs: lag.ms } : {}),
		batchesPerSecond: perSecond(activity?.batches),
		changesPerSecond: perSecond(activity?.changes),
		rowsPerSecond: perSecond(activity?.rows),
		...numbered({
			rows,
			built: build && Math.min(1, build.rowsDone / Math.max(1, build.rowsEstimated)),
			lastMs: activity?.lastMs
		}),
		...(activity ? { lastChangeAt: timestampFromDate(activity.lastAt) } : {})
	};
}

/** Without what is not known. */
function numbered<K extends string>(
	values: Readonly<Record<K, number | undefined>>
): Partial<Record<K, number>> {
	const known = Object.entries(values).filter(([, value]) => value !== undefined);
	return Object.fromEntries(known) as Partial<Record<K, number>>;
}
