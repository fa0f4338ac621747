import type { Instance } from '#platform/postgres';
import type { Place, Project } from './types.ts';

/** The names that follow from an installation's number. Roles are global to a cluster: they carry the instance's id. */
export function placeOf(
	instance: Instance,
	row: { readonly id: string; readonly number: number; readonly module: string },
	project: Project
): Place {
	const role = (purpose: string) => `loam_${instance.id}_i${row.number}_${purpose}`;
	return {
		id: row.id,
		number: row.number,
		project,
		module: row.module,
		schema: `i${row.number}`,
		stateSchema: `i${row.number}_v`,
		ownerRole: role('owner'),
		runRole: role('run')
	};
}
