import type { RequestEvent } from '@sveltejs/kit';
import { administeredProject } from '../../../project.ts';

/** What a screen of the builder needs to know; anybody but a project-admin gets the 403 page. */
export async function builderOf(event: RequestEvent & { params: { org: string; project: string } }) {
	const { principal, project } = await administeredProject(
		event,
		'Only an admin of the project builds its modules.'
	);
	const { tenancy, registry } = event.locals.loam;
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
