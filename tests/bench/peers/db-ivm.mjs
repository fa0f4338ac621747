// TanStack DB's view maintenance in memory: tickets joined with their projects, and grouped.
import { D2, groupBy, groupByOperators, join, map, output } from '@tanstack/db-ivm';

const { avg, count, sum } = groupByOperators;

/** Holds the view; `told` counts what was told of it. */
export function openGraph() {
	const graph = new D2();
	const projects = graph.newInput();
	const tickets = graph.newInput();
	let told = 0;
	tickets.pipe(
		map((ticket) => [ticket.project_id, ticket]),
		join(projects.pipe(map((project) => [project.id, project])), 'inner'),
		map(([, [ticket, project]]) => ({ id: project.id, name: project.name, points: ticket.points })),
		groupBy(({ id, name }) => ({ id, name }), {
			tickets: count(),
			points: sum(({ points }) => points),
			mean: avg(({ points }) => points)
		}),
		output((changes) => (told += changes.getInner().length))
	);
	graph.finalize();
	return {
		/** Rows with 1 or -1, of either table. */
		send(changes) {
			if (changes.projects) projects.sendData(changes.projects);
			if (changes.tickets) tickets.sendData(changes.tickets);
			graph.run();
		},
		told: () => told
	};
}
