-- A small Reaper: tracks, values and device names, no sound. Runs a script and prints what it left:
--     lua5.4 fake_reaper.lua SCRIPT TIMES TRACK,... OUTPUT,... INPUT,...
-- A track's own input may follow it: human=4128. A device that is not there begins with a minus.

local script, times, tracks_there, outputs, inputs = table.unpack(arg)

local function words(text)
  local found = {}
  for word in text:gmatch("[^,]+") do
    found[#found + 1] = word
  end
  return found
end

local tracks = {}
for _, word in ipairs(words(tracks_there)) do
  local name, input = word:match("^(.-)=(%d+)$")
  tracks[#tracks + 1] = {P_NAME = name or word, I_RECINPUT = tonumber(input) or 0}
end
outputs, inputs = words(outputs), words(inputs)

local function device(names, index)
  local name = names[index + 1]
  if name:sub(1, 1) == "-" then
    return false, ""
  end
  return true, name
end

reaper = {
  GetNumMIDIOutputs = function() return #outputs end,
  GetMIDIOutputName = function(index) return device(outputs, index) end,
  GetNumMIDIInputs = function() return #inputs end,
  GetMIDIInputName = function(index) return device(inputs, index) end,
  CountTracks = function() return #tracks end,
  GetTrack = function(_, index) return tracks[index + 1] end,
  InsertTrackAtIndex = function(index)
    table.insert(tracks, index + 1, {P_NAME = "", I_RECINPUT = 0})
  end,
  GetSetMediaTrackInfo_String = function(track, key, value, set)
    if set then
      track[key] = value
    end
    return true, track[key]
  end,
  GetMediaTrackInfo_Value = function(track, key) return (track[key] or 0) + 0.0 end,
  SetMediaTrackInfo_Value = function(track, key, value)
    assert(type(value) == "number", key)
    track[key] = value
    return true
  end,
  Undo_BeginBlock = function() end,
  Undo_EndBlock = function(text) print("undo", text) end,
  TrackList_AdjustWindows = function() end,
  UpdateArrange = function() end,
  ShowMessageBox = function(text) print("box", (text:gsub("\n", " "))) end,
}
setmetatable(reaper, {__index = function(_, name) error("Reaper has no " .. name) end})

for _ = 1, tonumber(times) do
  dofile(script)
end
for _, track in ipairs(tracks) do
  local keys = {}
  for key in pairs(track) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    print("track", track.P_NAME, key, track[key])
  end
end
