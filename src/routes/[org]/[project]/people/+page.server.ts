import { error } from '@sveltejs/kit';
import { signedIn } from '../../../session.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const principal = signedIn(event);
	// Who has no role in the project is turned away there.
	const { project: shown } = await event.parent();
	const { tenancy, identity } = event.locals.loam;
	const project = await tenancy.project(event.params.org, event.params.project);
	if (!project || !shown.admin) {
		error(403, { message: 'Only an admin of the project manages its people.', reason: 'PROJECT_DENIED' });
	}
	return {
		me: principal.id,
		mayReset: principal.sysAdmin,
		members: await identity.members(project),
		roles: await identity.roles(project)
	};
};
