import type { PageSpec } from '#engine/module';
import { labelOf, type TableSpec } from '#engine/schema';
import { counted, text } from './cells.ts';
import { detailPage } from './detail.ts';
import { createPage, editPage } from './form.ts';
import { listPage } from './list.ts';
import type { Viewer } from './viewer.ts';

/**
 * Screens of the tables that have none of their own, as far as this viewer may see them: list at
 * `/{table}`, detail at `/{table}/[id]`, create at `/{table}/new`, edit at `/{table}/[id]/edit`. A page
 * of the module at the same route takes its place.
 */
export function generatedPages(viewer: Viewer): PageSpec[] {
	const tables = viewer.artifact.tables.filter((table) => viewer.mayReadView(table.name));
	return [indexPage(tables, viewer), ...tables.flatMap((table) => tablePages(table, viewer))];
}

function tablePages(table: TableSpec, viewer: Viewer): PageSpec[] {
	const pages = [listPage(table, viewer)];
	const create = viewer.method(table, 'create');
	if (create) pages.push(createPage(table, create, viewer));
	const [key] = table.key;
	const addressable = table.key.length === 1 && viewer.columns(table).some((column) => column.name === key);
	if (!addressable) return pages;
	pages.push(detailPage(table, viewer));
	const update = viewer.method(table, 'update');
	if (update) pages.push(editPage(table, update, viewer));
	return pages;
}

const mostRows = 1000;

/** Where the module has no index of its own: its tables, with how many rows each has. */
function indexPage(tables: readonly TableSpec[], viewer: Viewer): PageSpec {
	const { manifest } = viewer.artifact;
	const bindings = tables.map(
		(table) => [table.name, { view: table.name, order: [], limit: mostRows, live: true }] as const
	);
	return {
		file: 'generated/index',
		route: [],
		title: manifest.title,
		data: Object.fromEntries(bindings),
		card: {
			type: 'AdaptiveCard',
			version: '1.6',
			body: [
				text(manifest.title, { style: 'heading', size: 'extraLarge' }),
				...(manifest.description ? [text(manifest.description, { isSubtle: true, spacing: 'small' })] : []),
				...(tables.length === 0 ? [text('This module has no screens for you yet.', { isSubtle: true })] : []),
				...tables.map((table) => ({
					type: 'Container',
					style: 'emphasis',
					selectAction: { type: 'Action.OpenUrl', title: labelOf(table.name), url: table.name },
					items: [
						text(labelOf(table.name), { weight: 'bolder' }),
						text(counted(table.name, table, mostRows), {
							isSubtle: true,
							spacing: 'none'
						})
					]
				}))
			]
		}
	};
}
