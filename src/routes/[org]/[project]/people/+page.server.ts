import { error } from '@sveltejs/kit';
import { enteredProject } from '../../../project.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const { principal, project, roles } = await enteredProject(event);
	const { identity } = event.locals.loam;
	if (!roles.has('project-admin')) {
		error(403, { message: 'Only an admin of the project manages its people.', reason: 'PROJECT_DENIED' });
	}
	return {
		me: principal.id,
		mayReset: principal.sysAdmin,
		members: await identity.members(project),
		roles: await identity.roles(project)
	};
};
