import { error, type RequestEvent } from '@sveltejs/kit';
import { enteredProject } from '../../../project.ts';

/** What a screen of the builder needs to know; anybody but a project-admin gets the 403 page. */
export async function builderOf(event: RequestEvent & { params: { org: string; project: string } }) {
	const { principal, project, roles } = await enteredProject(event);
	const { tenancy, registry } = event.locals.loam;
	if (!roles.has('project-admin')) {
		error(403, { message: 'Only an admin of the project builds its modules.', reason: 'PROJECT_DENIED' });
	}
	const installations = await tenancy.installations(project.id);
	return {
		principal: { id: principal.id ?? '', name: principal.name },
		project: {
			path: project.path,
			name: project.name,
			admin: true,
			modules: installations.map(({ module, release }) => ({
				name: module,
				title: release.artifact.manifest.title,
				icon: release.artifact.manifest.icon,
				shipped: registry.shipped().has(module),
				href: `/${project.path}/${module}`
			}))
		}
	};
}
