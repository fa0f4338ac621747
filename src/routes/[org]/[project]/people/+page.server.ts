import { administeredProject } from '../../../project.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { principal, project } = await administeredProject(
		event,
		'Only an admin of the project manages its people.'
	);
	const { identity } = event.locals.loam;
	return {
		me: principal.id,
		mayReset: principal.sysAdmin,
		members: await identity.members(project),
		roles: await identity.roles(project)
	};
};
