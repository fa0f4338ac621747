import type { Json } from '#kernel';
import type { Content } from '../markdown/types.ts';
import type { Read } from '../template/read.ts';

/**
 * A card after compiling: a tree of elements whose every value is a `Read`. It is made once per card
 * and drawn in any number of scopes. Optional parts are there with undefined, so that all objects of a
 * kind have one shape.
 */
export interface CompiledCard {
	readonly body: readonly Slot[];
	readonly actions: readonly ActionSlot[];
	/** Ids that some action shows or hides. */
	readonly toggled: ReadonlySet<string>;
	/** Of the root's `$data`, where it has one. */
	readonly data: Read<unknown> | undefined;
	readonly speak: string | undefined;
}

/** A place in a list: dropped where `when` is false, repeated for every item of `data`. */
export interface Slot<T = Element> {
	readonly item: T;
	readonly when: Read<boolean> | undefined;
	readonly data: Read<unknown> | undefined;
}
export type ActionSlot = Slot<Action>;

interface Base {
	readonly id: Read<string> | undefined;
	/** Classes of the outermost node: space above, separator, alignment, height. */
	readonly classes: Read<string>;
	readonly visible: Read<boolean> | undefined;
}

export interface TextBlock extends Base {
	readonly kind: 'TextBlock';
	readonly content: Read<Content>;
	/** Those of the text alone, without the space above. */
	readonly textClasses: Read<string>;
	/** It is cut, or kept on one line: that needs an element of its own. */
	readonly boxed: boolean;
	/** A heading's level; undefined for running text. */
	readonly level: number | undefined;
}

export interface TextRun {
	readonly text: Read<string>;
	readonly classes: Read<string>;
	readonly action: Action | undefined;
}

export interface RichTextBlock extends Base {
	readonly kind: 'RichTextBlock';
	readonly runs: readonly Slot<TextRun>[];
}

export interface Image extends Base {
	readonly kind: 'Image';
	readonly url: Read<string | undefined>;
	readonly alt: Read<string>;
	readonly width: number | undefined;
	readonly height: number | undefined;
	readonly imageClasses: Read<string>;
	readonly action: Action | undefined;
}

export interface ImageSet extends Base {
	readonly kind: 'ImageSet';
	readonly images: readonly Slot<Image>[];
}

/** A text that can stand in its cell without an element of its own; `classes` are both of theirs, beyond those that every cell has. */
export interface LoneText {
	readonly content: Read<Content>;
	readonly classes: Read<string>;
}

export interface Container extends Base {
	readonly kind: 'Container';
	readonly items: readonly Slot[];
	readonly action: Action | undefined;
	/** The one plain text that is all there is in it, as most cells of a table have it. */
	readonly lone: LoneText | undefined;
	readonly background: Read<string | undefined> | undefined;
	readonly backgroundClass: string;
}

export interface ColumnSet extends Base {
	readonly kind: 'ColumnSet';
	readonly columns: readonly Slot<Container>[];
	readonly action: Action | undefined;
}

export interface Fact {
	readonly title: Read<Content>;
	readonly value: Read<Content>;
}

export interface FactSet extends Base {
	readonly kind: 'FactSet';
	readonly facts: readonly Slot<Fact>[];
}

export interface TableRow {
	readonly cells: readonly Slot<Container>[];
	readonly classes: Read<string>;
	/** A whole row that can be pressed: ours, beyond the standard. */
	readonly action: Action | undefined;
}

export interface Table extends Base {
	readonly kind: 'Table';
	/** Class of each column's width. */
	readonly columns: readonly string[];
	readonly head: Slot<TableRow> | undefined;
	readonly rows: readonly Slot<TableRow>[];
	readonly tableClasses: Read<string>;
}

export interface ActionSet extends Base {
	readonly kind: 'ActionSet';
	readonly actions: readonly ActionSlot[];
}

interface InputBase extends Base {
	readonly label: Read<string>;
	readonly required: Read<boolean>;
	readonly errorMessage: Read<string>;
	readonly value: Read<string>;
	readonly placeholder: Read<string>;
}

export interface InputText extends InputBase {
	readonly kind: 'Input.Text';
	readonly style: 'text' | 'tel' | 'url' | 'email' | 'password';
	readonly multiline: boolean;
	readonly maxLength: number | undefined;
	readonly pattern: RegExp | undefined;
	readonly inline: Action | undefined;
}

export interface InputNumber extends InputBase {
	readonly kind: 'Input.Number';
	readonly min: Read<number | undefined>;
	readonly max: Read<number | undefined>;
}

export interface InputDate extends InputBase {
	readonly kind: 'Input.Date';
	/** A moment with its time, in the person's own zone: ours, beyond the standard. */
	readonly time: boolean;
	readonly min: Read<string | undefined>;
	readonly max: Read<string | undefined>;
}

export interface InputTime extends InputBase {
	readonly kind: 'Input.Time';
	readonly min: Read<string | undefined>;
	readonly max: Read<string | undefined>;
}

export interface InputToggle extends InputBase {
	readonly kind: 'Input.Toggle';
	readonly title: Read<Content>;
	readonly valueOn: string;
	readonly valueOff: string;
	/** Neither value was named: what is submitted is a real boolean. */
	readonly plain: boolean;
}

export interface Choice {
	readonly title: Read<string>;
	readonly value: Read<string>;
}

export interface InputChoiceSet extends InputBase {
	readonly kind: 'Input.ChoiceSet';
	readonly choices: readonly Slot<Choice>[];
	readonly multiple: boolean;
	/** Several values are submitted as a list instead of one text with commas: ours. */
	readonly asList: boolean;
	readonly style: 'compact' | 'expanded' | 'filtered';
}

export type Input = InputText | InputNumber | InputDate | InputTime | InputToggle | InputChoiceSet;

export type Element =
	TextBlock | RichTextBlock | Image | ImageSet | Container | ColumnSet | FactSet | Table | ActionSet | Input;

interface ActionBase {
	readonly id: Read<string> | undefined;
	readonly title: Read<string>;
	readonly icon: Read<string | undefined> | undefined;
	readonly tooltip: Read<string>;
	readonly style: 'default' | 'positive' | 'destructive';
	readonly enabled: Read<boolean>;
	/** Shown behind "more" instead of as a button. */
	readonly secondary: boolean;
}

export interface OpenUrl extends ActionBase {
	readonly kind: 'Action.OpenUrl';
	/** It can lead nowhere but into the module. */
	readonly inside: boolean;
	readonly url: Read<string | undefined>;
}

/** Execute and Submit alike call a command with the inputs and the data. */
export interface Execute extends ActionBase {
	readonly kind: 'Action.Execute' | 'Action.Submit';
	/** Undefined: an action that this host has nothing to do for. */
	readonly verb: Read<string | undefined>;
	readonly data: Read<Json | undefined>;
	/** Whether the inputs around are checked and sent. */
	readonly inputs: boolean;
	/** Asked before; ours, beyond the standard. */
	readonly confirm: Read<string> | undefined;
	/** What follows a success; `$response` is the command's answer. */
	readonly then: Then | undefined;
}

export interface Then {
	readonly open: Read<unknown> | undefined;
	readonly message: Read<unknown> | undefined;
}

export interface ShowCard extends ActionBase {
	readonly kind: 'Action.ShowCard';
	readonly card: CompiledCard;
}

export interface ToggleVisibility extends ActionBase {
	readonly kind: 'Action.ToggleVisibility';
	/** `visible` undefined: the other way round. */
	readonly targets: readonly { readonly id: string; readonly visible: boolean | undefined }[];
}

export type Action = OpenUrl | Execute | ShowCard | ToggleVisibility;
