import type { Json } from '#kernel';

const text = (value: string, more: Record<string, Json> = {}): Json => ({
	type: 'TextBlock',
	text: value,
	wrap: true,
	...more
});
const cell = (...items: Json[]): Json => ({ type: 'TableCell', items });

const table: Json = {
	type: 'AdaptiveCard',
	version: '1.6',
	body: [
		text('Open tickets', { style: 'heading', size: 'large' }),
		text(
			'${count(tickets)} open, **${sum(select(tickets, t => t.points))}** points. The board moves by itself.',
			{ isSubtle: true }
		),
		{
			type: 'Table',
			columns: [
				{ width: 1 },
				{ width: 5 },
				{ width: 2 },
				{ width: 2 },
				{ width: 1, horizontalCellContentAlignment: 'right' },
				{ width: 'auto' }
			],
			rows: [
				{
					type: 'TableRow',
					cells: ['No.', 'Title', 'Status', 'Assignee', 'Points', ''].map((title) => cell(text(title)))
				},
				{
					type: 'TableRow',
					$data: '${tickets}',
					selectAction: { type: 'Action.OpenUrl', title: 'Open ${title}', url: 'tickets/${id}' },
					cells: [
						cell(text('${id}', { isSubtle: true, fontType: 'monospace' })),
						cell(text('${title}', { weight: 'bolder', wrap: false })),
						cell(
							text('${status}', {
								color: "${if(status == 'open', 'accent', if(status == 'blocked', 'attention', 'good'))}"
							})
						),
						cell(text('${assignee}')),
						cell(text('${points}')),
						cell({
							type: 'ActionSet',
							actions: [
								{ type: 'Action.Execute', title: 'Close', verb: 'CloseTicket', data: { id: '${id}' } }
							]
						})
					]
				}
			]
		}
	]
};

const inputs: Json = {
	type: 'AdaptiveCard',
	version: '1.6',
	body: [
		text('New ticket', { style: 'heading', size: 'large' }),
		{
			type: 'Input.Text',
			id: 'title',
			label: 'Title',
			isRequired: true,
			placeholder: 'What should happen?',
			errorMessage: 'A ticket needs a title.'
		},
		{
			type: 'Input.Text',
			id: 'description',
			label: 'Description',
			isMultiline: true,
			placeholder: 'Steps, links, screenshots'
		},
		{
			type: 'ColumnSet',
			columns: [
				{
					width: 'stretch',
					items: [
						{
							type: 'Input.ChoiceSet',
							id: 'priority',
							label: 'Priority',
							value: 'normal',
							choices: ['low', 'normal', 'urgent'].map((value) => ({ title: value, value }))
						}
					]
				},
				{
					width: 'stretch',
					items: [{ type: 'Input.Number', id: 'points', label: 'Points', min: 0, max: 13, value: 3 }]
				},
				{ width: 'stretch', items: [{ type: 'Input.Date', id: 'due', label: 'Due' }] }
			]
		},
		{ type: 'Input.Time', id: 'at', label: 'At', value: '09:30' },
		{
			type: 'Input.ChoiceSet',
			id: 'kind',
			label: 'Kind',
			style: 'expanded',
			value: 'bug',
			isRequired: true,
			choices: ['bug', 'feature', 'chore'].map((value) => ({ title: value, value }))
		},
		{
			type: 'Input.ChoiceSet',
			id: 'labels',
			label: 'Labels',
			isMultiSelect: true,
			value: 'ui,api',
			choices: ['ui', 'api', 'docs'].map((value) => ({ title: value, value }))
		},
		{ type: 'Input.Toggle', id: 'notify', title: 'Tell the team', value: 'true' },
		{ type: 'Input.Text', id: 'first', label: 'Bound', value: '${tickets[0].title}' }
	],
	actions: [
		{
			type: 'Action.Execute',
			title: 'Create ticket',
			verb: 'CreateTicket',
			style: 'positive',
			then: { message: 'Created ${$response.id}' }
		},
		{ type: 'Action.OpenUrl', title: 'Cancel', url: 'board' },
		{
			type: 'Action.ShowCard',
			title: 'Comment',
			card: {
				type: 'AdaptiveCard',
				body: [{ type: 'Input.Text', id: 'comment', label: 'Comment', isMultiline: true }],
				actions: [{ type: 'Action.Submit', title: 'Send', data: { verb: 'AddComment' } }]
			}
		},
		{ type: 'Action.Execute', title: 'Delete', verb: 'DeleteTicket', style: 'destructive' },
		{ type: 'Action.OpenUrl', title: 'Elsewhere', url: 'https://example.com', mode: 'secondary' }
	]
};

const elements: Json = {
	type: 'AdaptiveCard',
	version: '1.6',
	body: [
		text('Elements', { style: 'heading', size: 'extraLarge' }),
		text(
			'A paragraph with **bold**, _italic_, a [link](https://example.com), and the day {{DATE(${now}, LONG)}} at {{TIME(${now})}}.\n- one\n- two with **weight**\n\n1. first\n2. second'
		),
		{
			type: 'RichTextBlock',
			inlines: [
				'Rich text: ',
				{ type: 'TextRun', text: 'highlighted', highlight: true },
				' and ',
				{ type: 'TextRun', text: 'pressable', selectAction: { type: 'Action.OpenUrl', url: 'x' } },
				{ type: 'TextRun', text: ' struck', strikethrough: true, color: 'attention' }
			]
		},
		{
			type: 'ColumnSet',
			columns: [
				...['good', 'attention', 'warning', 'accent', 'emphasis'].map((style) => ({
					type: 'Column',
					width: 'stretch',
					style,
					items: [text(style, { weight: 'bolder' }), text('Words in it', { isSubtle: true, spacing: 'none' })]
				}))
			]
		},
		{
			type: 'FactSet',
			separator: true,
			facts: [
				{ title: 'Board', value: 'Adaptive Cards' },
				{ title: 'Assigned to', value: '**Ada** Lovelace' },
				{ title: 'Due date', value: 'Not set' },
				{ $data: '${tickets}', $when: '${$index < 2}', title: '${id}', value: '${title}' }
			]
		},
		{
			type: 'Container',
			style: 'emphasis',
			selectAction: { type: 'Action.OpenUrl', url: 'tickets/1', title: 'Open the first' },
			items: [
				{
					type: 'ColumnSet',
					columns: [
						{
							width: 'auto',
							verticalContentAlignment: 'center',
							items: [
								{
									type: 'Image',
									url: 'data:image/svg+xml,%3Csvg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"%3E%3Crect width="10" height="10" fill="%236cc197"/%3E%3C/svg%3E',
									style: 'person',
									size: 'small',
									altText: 'Ada'
								}
							]
						},
						{
							width: 'stretch',
							items: [
								text('Pressable container', { weight: 'bolder' }),
								text('with a picture of a person', { isSubtle: true, spacing: 'none' })
							]
						}
					]
				}
			]
		},
		{ type: 'Container', id: 'secret', isVisible: false, items: [text('Now you see me.')] },
		{
			type: 'ActionSet',
			actions: [{ type: 'Action.ToggleVisibility', title: 'Show more', targetElements: ['secret'] }]
		},
		{ type: 'Unheard.Of', fallback: text('The fallback of an unknown element.', { isSubtle: true }) }
	]
};

export const samples: Json[] = [table, inputs, elements];
