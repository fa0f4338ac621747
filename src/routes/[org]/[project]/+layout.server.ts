import { error } from '@sveltejs/kit';
import { signedIn } from '../../session.ts';
import type { LayoutServerLoad } from './$types';

/** The project and what of it the viewer may open. */
export const load: LayoutServerLoad = async (event) => {
	const principal = signedIn(event);
	event.depends('loam:project');
	const { tenancy, identity, pages } = event.locals.loam;
	const project = await tenancy.project(event.params.org, event.params.project);
	const roles = project && identity.rolesIn(principal, project);
	if (!project || !roles || roles.size === 0) {
		error(404, {
			message: 'There is no such project, or you have no role in it.',
			reason: 'PROJECT_UNKNOWN'
		});
	}
	const installations = await tenancy.installations(project.id);
	const entries = installations.flatMap((installation) => {
		const entry = pages.entry(installation, roles);
		return entry ? [{ ...entry, href: `/${project.path}/${installation.module}` }] : [];
	});
	return {
		project: { path: project.path, name: project.name, admin: roles.has('project-admin'), modules: entries }
	};
};
