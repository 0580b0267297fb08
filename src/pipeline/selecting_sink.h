#pragma once

#include "hark/alert.h"

namespace hark::pipeline {

// Passes on the revisions that a user wants to see. Not thread-safe; `next` must outlive it.
class SelectingSink final : public RevisionSink {
 public:
  struct Selection {
    Severity min_level;
    Micros from;  // the first time that matters: an alert last seen before it is left out
  };
  SelectingSink(const Selection& selection, RevisionSink& next)
      : selection_(selection), next_(next) {}

  void OnRevision(const Alert& alert) override {
    if (alert.level >= selection_.min_level && alert.last >= selection_.from) {
      next_.OnRevision(alert);
    }
  }

 private:
  const Selection selection_;
  RevisionSink& next_;
};

}  // namespace hark::pipeline
