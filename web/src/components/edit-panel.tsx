import type { FormatsView } from '../../../src/contract/formats.ts'
import { orderFor, type Deck, type Edits, type Track, type Wish } from '../deck/index.ts'
import { useTarget } from '../hooks/use-target.ts'
import { messages } from '../messages/index.ts'
import { targetName } from '../messages/names.ts'
import { CutFields } from './cut-fields.tsx'
import styles from './edit-panel.module.css'
import { OptionFields } from './option-fields.tsx'
import { TagFields } from './tag-fields.tsx'

type EditPanelProps = {
  deck: Deck
  track: Track
  formats: FormatsView
  /** What it becomes without a target of its own. */
  wish: Wish
  zoom: number
  onZoom: (zoom: number) => void
}

/** Options that have a better place here than among the settings. */
const ELSEWHERE = new Set<string>([
  'trim',
  'fadeInMs',
  'fadeOutMs',
  'metadata',
  'artwork',
  'name',
] satisfies (keyof Edits)[])

/** All that can be set for one file alone. */
export default function EditPanel({ deck, track, formats, wish, zoom, onZoom }: EditPanelProps) {
  const { key, edits, media } = track
  const { edit } = messages
  const target = useTarget(formats, track.target ?? wish, (own) => deck.aim(key, own))
  if (!target) return null
  const label = targetName(target.wish, formats)
  const taken = orderFor(track, wish, formats.formats).options
  const untaken = (Object.keys(edits) as (keyof Edits)[]).filter((name) => !(name in taken))
  return (
    <div className={styles['panel']}>
      {media?.durationMs && (
        <section>
          <h4>{edit.cut}</h4>
          <CutFields {...{ deck, track, zoom, onZoom }} durationMs={media.durationMs} />
        </section>
      )}
      {media && (
        <section>
          <h4>{edit.tags}</h4>
          <TagFields {...{ deck, track, media }} format={target.format} />
        </section>
      )}
      <section>
        <h4>{edit.settings(label)}</h4>
        <OptionFields key={target.format.id} target={target} without={ELSEWHERE} />
        {untaken.length > 0 && (
          <p className={styles['untaken']}>
            {edit.untaken(label, untaken.map((name) => nameOf(name, formats)).join(', '))}
          </p>
        )}
      </section>
    </div>
  )
}

function nameOf(option: string, { formats }: FormatsView): string {
  const description = formats.flatMap(({ options }) => options[option] ?? [])[0]
  return description?.label ?? option
}
