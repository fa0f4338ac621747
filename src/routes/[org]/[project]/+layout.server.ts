import { enteredProject } from '../../project.ts';
import type { LayoutServerLoad } from './$types';

/** The project and what of it the viewer may open. */
export const load: LayoutServerLoad = async (event) => {
	event.depends('loam:project');
	const { project, roles } = await enteredProject(event);
	const { tenancy, pages, registry } = event.locals.loam;
	const installations = await tenancy.installations(project.id);
	const entries = installations.flatMap((installation) => {
		const entry = pages.entry(installation, roles);
		if (!entry) return [];
		const shipped = registry.shipped().has(installation.module);
		return [{ ...entry, shipped, href: `/${project.path}/${installation.module}` }];
	});
	return {
		project: { path: project.path, name: project.name, admin: roles.has('project-admin'), modules: entries }
	};
};
