-- Lays pocketd's cables in the project that is open: the tracks drums, human and sampler, made where they are missing.
-- Start pocketd first, then in Reaper: Actions > Show action list > New action > Load ReaScript, this file, Run.
-- It may be run again at any time; it changes these three tracks and nothing else. Lua 5.3 or newer.

local LOOK_AHEAD_MS = 120 -- look_ahead_ms of pocketd's configuration; 0 where that says drums_lead_ms: 0

local MIDI = 4096 -- I_RECINPUT: a MIDI input, with the device above the five bits of the channel, 0 for all
local CHANNEL_BITS = 5
local ALL_INPUTS = 63
local MOST_DEVICES = 32 -- a device of I_MIDIHWOUT has five bits
local DEVICES = "Options > Preferences > Audio > MIDI Devices"

local messages = {}

local function say(text)
  messages[#messages + 1] = text
end

-- Returns the number of the first device that is there and whose name pleases, or nil.
local function device(count, name_of, pleases)
  for index = 0, math.min(count, MOST_DEVICES) - 1 do
    local present, name = name_of(index, "")
    if present and pleases(name:lower()) then
      return index
    end
  end
  return nil
end

local function is_pocketd(name)
  return name:find("pocketd", 1, true) ~= nil
end

local function port(wanted)
  return function(name)
    return is_pocketd(name) and name:find(wanted, 1, true) ~= nil
  end
end

local function missing(direction, wanted)
  say("No MIDI " .. direction .. " named pocketd " .. wanted .. ". Is pocketd running? Then " .. DEVICES
    .. ": right-click it among the " .. direction .. "s, Enable " .. direction .. ", and run this again.")
end

local function track_named(name)
  for index = 0, reaper.CountTracks(0) - 1 do
    local track = reaper.GetTrack(0, index)
    local _, found = reaper.GetSetMediaTrackInfo_String(track, "P_NAME", "", false)
    if found == name then
      return track
    end
  end
  local index = reaper.CountTracks(0)
  reaper.InsertTrackAtIndex(index, false)
  local track = reaper.GetTrack(0, index)
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", name, true)
  return track
end

local function set(track, values)
  for key, value in pairs(values) do
    reaper.SetMediaTrackInfo_Value(track, key, value)
  end
end

local function sends_to(track, wanted)
  local index = device(reaper.GetNumMIDIOutputs(), reaper.GetMIDIOutputName, port(wanted))
  if not index then
    missing("output", wanted)
  end
  set(track, {I_MIDIHWOUT = index and index << CHANNEL_BITS or -1})
end

local function drums()
  local track = track_named("drums")
  set(track, {
    D_PLAY_OFFSET = -LOOK_AHEAD_MS / 1000, -- seconds; negative is early
    I_PLAY_OFFSET_FLAG = 0, -- not bypassed, and in seconds
    I_RECARM = 0,
    B_MAINSEND = 0, -- it has no sound of its own
  })
  sends_to(track, "drums")
end

-- Not all inputs: pocketd's own output is among them, and it would follow itself.
local function human()
  local track = track_named("human")
  local chosen = math.floor(reaper.GetMediaTrackInfo_Value(track, "I_RECINPUT"))
  if chosen < MIDI or chosen >> CHANNEL_BITS & ALL_INPUTS == ALL_INPUTS then
    local index = device(reaper.GetNumMIDIInputs(), reaper.GetMIDIInputName, function(name)
      return not is_pocketd(name)
    end)
    if not index then
      say("No MIDI input but pocketd's own. Connect yours, enable it in " .. DEVICES
        .. ", and choose it on the track human.")
    end
    set(track, {I_RECINPUT = index and MIDI + (index << CHANNEL_BITS) or -1})
  end
  set(track, {I_RECMODE = 0, I_RECMON = 1, I_RECARM = 1})
  sends_to(track, "human")
end

local function sampler()
  local track = track_named("sampler")
  local index = device(reaper.GetNumMIDIInputs(), reaper.GetMIDIInputName, port("out"))
  if not index then
    missing("input", "out")
  end
  set(track, {
    I_RECINPUT = index and MIDI + (index << CHANNEL_BITS) or -1,
    I_RECMODE = 2, -- monitor, record nothing: pocketd keeps the take
    I_RECMON = 1,
    I_RECARM = index and 1 or 0, -- Reaper lets a track hear its input only where it is armed
  })
end

reaper.Undo_BeginBlock()
drums()
human()
sampler()
reaper.Undo_EndBlock("Lay pocketd's cables", -1)
reaper.TrackList_AdjustWindows(false)
reaper.UpdateArrange()

if #messages == 0 then
  say("The cables are laid. What no script can do:\n"
    .. "1. " .. DEVICES .. ": right-click pocketd's output control, Enable output and "
    .. "Send clock/SPP to this device; its other ports have to be enabled, too.\n"
    .. "2. Put a drum sampler on the track sampler.\n"
    .. "3. Look whether the track human has the input that you play.")
end
reaper.ShowMessageBox(table.concat(messages, "\n\n"), "pocketd", 0)
