import { error } from '@sveltejs/kit';
import { signedIn } from '../../../session.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
	const principal = signedIn(event);
	event.depends('loam:people');
	const { tenancy, identity } = event.locals.loam;
	const project = await tenancy.project(event.params.org, event.params.project);
	const held = project && identity.rolesIn(principal, project);
	if (!project || !held || held.size === 0)
		error(404, {
			message: 'There is no such project, or you have no role in it.',
			reason: 'PROJECT_UNKNOWN'
		});
	if (!held.has('project-admin'))
		error(403, { message: 'Only an admin of the project manages its people.', reason: 'PROJECT_DENIED' });
	const installations = await tenancy.installations(project.id);
	return {
		me: principal.id,
		sysAdmin: principal.sysAdmin,
		members: await identity.members(project),
		roles: await identity.roles(project),
		project: {
			path: project.path,
			name: project.name,
			admin: true,
			modules: installations.map(({ module, release }) => ({
				name: module,
				title: release.artifact.manifest.title,
				icon: release.artifact.manifest.icon,
				href: `/${project.path}/${module}`
			}))
		}
	};
};
