/** What a card may be made of here: types, what each must have, and words of enumerations. */
export interface ElementRule {
	readonly required: readonly string[];
	/** Properties that hold lists of elements, of actions, or children of a fixed type. */
	readonly elements?: readonly string[];
	readonly actions?: readonly string[];
	readonly children?: Readonly<Record<string, string>>;
}

export const elementRules: Readonly<Record<string, ElementRule>> = {
	TextBlock: { required: ['text'] },
	RichTextBlock: { required: ['inlines'], children: { inlines: 'TextRun' } },
	Image: { required: ['url'] },
	ImageSet: { required: ['images'], children: { images: 'Image' } },
	Container: { required: ['items'], elements: ['items'] },
	ColumnSet: { required: [], children: { columns: 'Column' } },
	FactSet: { required: ['facts'], children: { facts: 'Fact' } },
	Table: { required: ['rows'], children: { rows: 'TableRow', columns: 'TableColumnDefinition' } },
	ActionSet: { required: ['actions'], actions: ['actions'] },
	'Input.Text': { required: ['id'] },
	'Input.Number': { required: ['id'] },
	'Input.Date': { required: ['id'] },
	'Input.Time': { required: ['id'] },
	'Input.Toggle': { required: ['id', 'title'] },
	'Input.ChoiceSet': { required: ['id'], children: { choices: 'Input.Choice' } }
};

/** Parts that stand only inside of others; `type` may be left out. */
export const partRules: Readonly<Record<string, ElementRule>> = {
	TextRun: { required: ['text'] },
	Column: { required: [], elements: ['items'] },
	Fact: { required: ['title', 'value'] },
	TableRow: { required: ['cells'], children: { cells: 'TableCell' } },
	TableCell: { required: [], elements: ['items'] },
	TableColumnDefinition: { required: [] },
	'Input.Choice': { required: ['title', 'value'] },
	Image: { required: ['url'] }
};

export const actionRules: Readonly<Record<string, readonly string[]>> = {
	'Action.OpenUrl': ['url'],
	'Action.Execute': ['verb'],
	'Action.Submit': [],
	'Action.ShowCard': ['card'],
	'Action.ToggleVisibility': ['targetElements']
};

const aligned = ['left', 'center', 'right'];
const containerStyle = ['default', 'emphasis', 'good', 'attention', 'warning', 'accent'];

/** By property, then by type where the words differ. */
export const words: Readonly<
	Record<string, readonly string[] | Readonly<Record<string, readonly string[]>>>
> = {
	spacing: ['none', 'extraSmall', 'small', 'default', 'medium', 'large', 'extraLarge', 'padding'],
	horizontalAlignment: aligned,
	horizontalCellContentAlignment: aligned,
	verticalContentAlignment: ['top', 'center', 'bottom'],
	weight: ['default', 'lighter', 'bolder'],
	color: ['default', 'dark', 'light', 'accent', 'good', 'warning', 'attention'],
	fontType: ['default', 'monospace'],
	size: {
		TextBlock: ['default', 'small', 'medium', 'large', 'extraLarge'],
		TextRun: ['default', 'small', 'medium', 'large', 'extraLarge'],
		Image: ['auto', 'stretch', 'small', 'medium', 'large']
	},
	style: {
		TextBlock: ['default', 'heading', 'columnHeader'],
		Image: ['default', 'person', 'roundedCorners'],
		Container: containerStyle,
		Column: containerStyle,
		ColumnSet: containerStyle,
		TableRow: containerStyle,
		TableCell: containerStyle,
		'Input.Text': ['text', 'tel', 'url', 'email', 'password'],
		'Input.ChoiceSet': ['compact', 'expanded', 'filtered'],
		'Action.Execute': ['default', 'positive', 'destructive'],
		'Action.Submit': ['default', 'positive', 'destructive'],
		'Action.OpenUrl': ['default', 'positive', 'destructive'],
		'Action.ShowCard': ['default', 'positive', 'destructive']
	}
};

export function wordsOf(type: string, property: string): readonly string[] | undefined {
	const known = words[property];
	if (known === undefined || Array.isArray(known)) return known;
	return (known as Readonly<Record<string, readonly string[]>>)[type];
}
