import { memo, useEffect, useId, useRef, useState } from 'react'
import type { FormatsView } from '../../../src/contract/formats.ts'
import { isEditable, orderFor, type Deck, type Track, type Wish } from '../deck/index.ts'
import { useJob } from '../hooks/use-job.ts'
import { usePass } from '../hooks/use-pass.ts'
import { listeningOf } from '../listening/recording.ts'
import { messages } from '../messages/index.ts'
import { targetName } from '../messages/names.ts'
import { mediaSummary, size } from '../messages/units.ts'
import { describeTrack } from '../tracks/describe-track.ts'
import { Cover } from './cover.tsx'
import { Glass } from './glass.tsx'
import { late } from './late.tsx'
import { PanelButton } from './panel-button.tsx'
import { TargetSelect } from './target-select.tsx'
import { TrackActions } from './track-actions.tsx'
import styles from './track-row.module.css'
import { TrackStatus } from './track-status.tsx'

const EditPanel = late('edit-panel', () => import('./edit-panel.tsx'))
const CutHandles = late('cut-handles', () => import('./cut-handles.tsx'))
const DetailsPanel = late('details-panel', () => import('./details-panel.tsx'))

type TrackRowProps = {
  deck: Deck
  track: Track
  wish: Wish | undefined
  formats: FormatsView | undefined
  onRemove: (track: Track, hasResult: boolean) => void
}

/** One file: what it is, how it sounds, how far it is, and what can be done with it. */
export const TrackRow = memo(function TrackRow(props: TrackRowProps) {
  const { deck, track, wish, formats, onRemove } = props
  const { key, file, media } = track
  const title = useRef<HTMLHeadingElement>(null)
  const [isOpen, setOpen] = useState(false)
  const [zoom, setZoom] = useState(1)
  const panel = useId()
  const { job, order, asked, target, view } = useRow(props)
  const editable = isEditable(track)
  const isEditing = isOpen && editable

  return (
    <li className={styles['row']} data-tone={view.tone}>
      <Cover track={track} />
      <div className={styles['head']}>
        <h3 title={file.name} tabIndex={-1} ref={title}>
          {file.name}
        </h3>
        <p className={styles['facts']}>
          {[size(file.size), media && mediaSummary(media)].filter(Boolean).join(' · ')}
        </p>
      </div>
      <div className={styles['target']}>
        {editable && formats && wish ? (
          <TargetSelect
            {...{ name: file.name, formats, own: track.target, forAll: wish }}
            onChange={(own) => deck.aim(key, own)}
          />
        ) : (
          asked && <span>{messages.files.becomes(target)}</span>
        )}
      </div>
      <Glass {...{ track, view }} listening={listeningOf(track, job.record)} zoom={isEditing ? zoom : 1}>
        {isEditing && <CutHandles deck={deck} track={track} />}
      </Glass>
      <div className={styles['foot']}>
        <PanelButton {...{ track, isOpen, panel }} onOpen={setOpen} />
        <TrackStatus {...{ track, view }} expiresAt={job.record?.expiresAt} />
        <TrackActions
          {...{ deck, track, view, job, order, onRemove }}
          onReplaced={() => title.current?.focus()}
        />
      </div>
      <div id={panel} className={styles['panel']} hidden={!isOpen}>
        {isEditing && formats && wish && (
          <EditPanel {...{ deck, track, formats, wish, zoom }} onZoom={setZoom} />
        )}
        {isOpen && !editable && <DetailsPanel job={job} />}
      </div>
    </li>
  )
})

/** A track, its job, and what it becomes or would become. */
function useRow({ deck, track, wish, formats }: TrackRowProps) {
  usePass()
  const { key, state, wanted } = track
  const job = useJob(state.step === 'converting' ? state.jobId : undefined)
  const order = formats && wish && orderFor(track, wish, formats.formats)
  const asked = 'wish' in state ? state.wish : wanted
  const becomes = asked ?? order
  const target = formats && becomes ? targetName(becomes, formats) : ''
  const { expiresAt } = job.record ?? {}
  useEffect(() => {
    if (expiresAt !== undefined) deck.keptUntil(key, expiresAt)
  }, [deck, key, expiresAt])
  return { job, order, asked, target, view: describeTrack(track, job, target) }
}
